"""Points of face and upper body on the surface of the mesh, and which of them a camera sees."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.camera import View

BODY_POINTS = (
    *("left_ear", "right_ear", "head_top", "head_back", "throat", "nape"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "chest"),
)
# The 68 points of the usual face annotation, in its order: contour from the person's right ear to
# the left one (17), right and left brow from the right (5 each), bridge (4) and base (5) of the
# nose, right and left eye (6 each), outer (12) and inner (8) border of the lips.
FACE_POINTS = tuple(f"face{index:02d}" for index in range(68))
POINT_NAMES = (*FACE_POINTS, *BODY_POINTS)

# How far behind the drawn surface a point may lie in decimetres and still count as seen. Points of
# the body, which come after those of the face, may be covered by a shirt: it does not hide where
# they are.
_TOLERANCES = np.repeat(np.float32([0.10, 0.40]), [len(FACE_POINTS), len(BODY_POINTS)])
_DOWN, _RIGHT = np.indices((3, 3)).reshape(2, 9)

# Coordinates on the base mesh; the person's left has positive x. Two: whatever their depth.
_CONTOUR = (
    *((0.80, 7.20, 0.55), (0.79, 7.00, 0.60), (0.76, 6.80, 0.66), (0.72, 6.62, 0.74)),
    *((0.64, 6.46, 0.86), (0.52, 6.34, 1.02), (0.36, 6.25, 1.20), (0.18, 6.21, 1.36)),
)
_CHIN = (0.0, 6.19, 1.42)
_BROW = ((0.58, 7.46), (0.48, 7.54), (0.36, 7.555), (0.24, 7.53), (0.13, 7.48))
_NOSE = ((0.0, 7.30), (0.0, 7.18), (0.0, 7.08), (0.0, 7.0))
_NOSTRILS = ((-0.13, 6.83), (-0.07, 6.81), (0.0, 6.80), (0.07, 6.81), (0.13, 6.83))
# From the outer corner over the upper lid to the inner corner, and back along the lower lid.
_EYE = (
    *((0.464, 7.300, 1.342), (0.385, 7.328, 1.375), (0.265, 7.325, 1.385)),
    *((0.181, 7.282, 1.392), (0.265, 7.244, 1.39), (0.385, 7.248, 1.375)),
)
_UPPER_LIP = ((0.256, 6.609, 1.42), (0.15, 6.70, 1.53), (0.05, 6.735, 1.56), (0.0, 6.725, 1.57))
_LOWER_LIP = ((0.16, 6.515, 1.50), (0.07, 6.475, 1.53), (0.0, 6.47, 1.55))
_SLIT_ABOVE = ((0.20, 6.62), (0.09, 6.632), (0.0, 6.632))
_SLIT_BELOW = ((0.09, 6.598), (0.0, 6.598))
_BODY = {
    "left_ear": (0.93, 7.15, 0.25),
    "head_top": (0.0, 8.49, 0.30),
    "head_back": (0.0, 7.60, -0.76),
    "throat": (0.0, 5.80, 0.95),
    "nape": (0.0, 6.30, -0.45),
    "left_shoulder": (1.75, 5.60, 0.05),
    "left_elbow": (3.40, 3.40, -0.10),
    "chest": (0.0, 4.60, 1.10),
}


@functools.lru_cache(maxsize=1)
def landmark_vertices(body: Body) -> np.ndarray:
    """Numbers of the vertices of `POINT_NAMES`, int `[points]`: the same for everybody."""
    towards = body.normals(body.rest)[:, 2]
    face: list[int] = []
    face += [body.nearest(point) for point in (*_mirror(_CONTOUR), _CHIN, *_CONTOUR[::-1])]
    flat = (*_mirror(_BROW), *_BROW[::-1], *_NOSE, *_NOSTRILS)
    face += [_seen(body, point, towards) for point in flat]
    eyes = (*_mirror(_EYE), *_EYE[3::-1], *_EYE[:3:-1])
    upper = (*_mirror(_UPPER_LIP), *_UPPER_LIP[-2::-1])
    lower = (*_LOWER_LIP, *_mirror(_LOWER_LIP[-2::-1]))
    face += [body.nearest(point) for point in (*eyes, *upper, *lower)]
    above = (*_mirror(_SLIT_ABOVE), *_SLIT_ABOVE[-2::-1])
    slit = (*above, *_SLIT_BELOW, *_mirror(_SLIT_BELOW[:1]))
    face += [body.nearest((x, y, 1.56), (1.0, 4.0, 1.0)) for x, y in slit]
    right = {name.replace("left", "right"): (-x, y, z) for name, (x, y, z) in _BODY.items()}
    points = {**right, **_BODY}
    return np.array(face + [body.nearest(points[name]) for name in BODY_POINTS])


def visible_points(points: np.ndarray, view: View, depth: np.ndarray) -> np.ndarray:
    """Which points lie inside the picture with nothing before them, bool `[points]`.

    Args:
        points: float32 `[points, 3]`, in the order of `POINT_NAMES`.
        view: the camera.
        depth: float32 `[size, size]`, distance of what was drawn along the view axis in decimetres.
    """
    size = len(depth)
    places = view.project(points, size)
    inside = ((places >= 0.0) & (places < size)).all(axis=1)
    column, row = np.clip(places.astype(int), 0, size - 1).T
    ours = view.depth(points)
    # A silhouette passes between the middles of pixels: a point lies on it if the surface in one of
    # the neighbouring pixels is as far away.
    around = np.pad(depth, 1, mode="edge")[row[:, None] + _DOWN, column[:, None] + _RIGHT]
    near = np.abs(around - ours[:, None]) <= _TOLERANCES[:, None]
    return inside & ((ours <= depth[row, column] + _TOLERANCES) | near.any(axis=1))


def _seen(body: Body, point: tuple[float, float], towards: np.ndarray) -> int:
    """The vertex nearest to `point` in the picture among those that are seen from the front."""
    vertices = body.skin_vertices
    front = (towards[vertices] > 0.05) & (body.occlusion[vertices] > 0.18)
    distance = ((body.rest[vertices, :2] - np.float32(point)) ** 2).sum(axis=1)
    return int(vertices[np.argmin(np.where(front, distance, np.inf))])


def _mirror(points: tuple[Any, ...]) -> list[Any]:
    """Points of the other side."""
    return [(-x, *others) for x, *others in points]
