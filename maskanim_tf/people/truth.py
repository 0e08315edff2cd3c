"""Ground truth of a frame: where the points are and which of them can be seen."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.camera import View
from maskanim_tf.people.landmarks import BODY_POINTS, FACE_POINTS

# How far behind the drawn surface a point may lie in decimetres and still count as seen. Points of
# the body, which come after those of the face, may be covered by a shirt: it does not hide where
# they are.
_TOLERANCES = np.repeat(np.float32([0.10, 0.40]), [len(FACE_POINTS), len(BODY_POINTS)])
_DOWN, _RIGHT = np.indices((3, 3)).reshape(2, 9)


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
