"""Points of face and upper body on the surface of the mesh: the same vertices for everybody."""

from __future__ import annotations

import functools

import numpy as np

from maskanim_tf.people.body import Body

Point = tuple[float, float, float]

BODY_POINTS = (
    *("left_ear", "right_ear", "head_top", "head_back", "throat", "nape"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "chest"),
)
# The 68 points of the usual face annotation, in its order: contour from the person's right ear to
# the left one (17), right and left brow from the right (5 each), bridge (4) and base (5) of the
# nose, right and left eye (6 each), outer (12) and inner (8) border of the lips.
FACE_POINTS = tuple(f"face{index:02d}" for index in range(68))
POINT_NAMES = (*FACE_POINTS, *BODY_POINTS)

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
    """Numbers of the vertices of `POINT_NAMES`, int `[points]`."""
    towards = body.normals(body.rest)[:, 2]
    face: list[int] = []
    face += [_nearest(body, _mirror(point)) for point in _CONTOUR]
    face += [_nearest(body, point) for point in (_CHIN, *_CONTOUR[::-1])]
    face += [_seen(body, point, towards) for point in _both(_BROW, _BROW[::-1])]
    face += [_seen(body, point, towards) for point in (*_NOSE, *_NOSTRILS)]
    left_eye = (*_EYE[3::-1], *_EYE[:3:-1])
    upper = (*(_mirror(point) for point in _UPPER_LIP), *_UPPER_LIP[-2::-1])
    lower = (*_LOWER_LIP, *(_mirror(point) for point in _LOWER_LIP[-2::-1]))
    eyes = (*(_mirror(point) for point in _EYE), *left_eye)
    face += [_nearest(body, point) for point in (*eyes, *upper, *lower)]
    slit = _both(_SLIT_ABOVE, _SLIT_ABOVE[-2::-1])
    slit = (*slit, *_SLIT_BELOW, _flat_mirror(_SLIT_BELOW[0]))
    face += [_nearest(body, (x, y, 1.56), (1.0, 4.0, 1.0)) for x, y in slit]
    rest = []
    for name in BODY_POINTS:
        point = _BODY.get(name) or _mirror(_BODY[name.replace("right", "left")])
        rest.append(_nearest(body, point))
    return np.array(face + rest)


def _nearest(body: Body, point: Point, weights: Point = (1.0, 1.0, 1.0)) -> int:
    """The vertex of the skin nearest to `point`, with a weight for each axis."""
    offsets = body.rest[body.skin_vertices] - np.float32(point)
    return int(body.skin_vertices[np.argmin(offsets**2 @ np.float32(weights))])


def _seen(body: Body, point: tuple[float, float], towards: np.ndarray) -> int:
    """The vertex nearest to `point` in the picture among those that are seen from the front."""
    vertices = body.skin_vertices
    front = (towards[vertices] > 0.05) & (body.occlusion[vertices] > 0.18)
    distance = ((body.rest[vertices, :2] - np.float32(point)) ** 2).sum(axis=1)
    return int(vertices[np.argmin(np.where(front, distance, np.inf))])


def _mirror(point: Point) -> Point:
    return (-point[0], *point[1:])


def _flat_mirror(point: tuple[float, float]) -> tuple[float, float]:
    return (-point[0], point[1])


def _both(
    right: tuple[tuple[float, float], ...], left: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    """The first points on the person's right, the others on the left."""
    return (*(_flat_mirror(point) for point in right), *left)
