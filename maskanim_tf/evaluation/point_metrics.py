"""Metrics of key points as pure functions with one value per frame (section 4).

A single frame on either side stands for all.
"""

from __future__ import annotations

import dataclasses

import numpy as np

# Key points are compared in the pixels of frames of this side, whatever the frames' own.
KEYPOINT_SIDE = 256
# Two points always agree once centred and scaled, up to the direction between them.
FEWEST_POINTS = 3


@dataclasses.dataclass(frozen=True)
class KeyPoints:
    """Key points of some frames.

    Attributes:
      positions: float32 `[frames, points, 2]`, (x, y) in pixels of a frame of `KEYPOINT_SIDE`.
      found: bool `[frames, points]`.
      depth: float32 `[frames, points]`, distance from the viewer in the same pixels, from any
        origin; None where the detector has none.
    """

    positions: np.ndarray
    found: np.ndarray
    depth: np.ndarray | None = None


def keypoint_distance(real: KeyPoints, generated: KeyPoints) -> np.ndarray:
    """AKD: mean Euclidean distance in pixels of the points found in both; NaN where none is."""
    common = real.found & generated.found
    distances = np.linalg.norm(real.positions - generated.positions, axis=-1)
    return _mean_where(distances, common)


def missing_rate(real: KeyPoints, generated: KeyPoints) -> tuple[np.ndarray, np.ndarray]:
    """MKR: the share of the points found in the real frame that is missing in the generated one.

    Returns:
      The share, NaN where the real frame has no point; and how many points the real frame has.
    """
    return _mean_where(~generated.found, real.found), real.found.sum(-1)


def pose_distance(real: KeyPoints, generated: KeyPoints) -> np.ndarray:
    """How differently two figures or faces are posed, wherever and however large they are.

    The points found in both are centred on their mean and divided by their root mean square
    distance from it; the value is the mean Euclidean distance that remains. It is 0 for the same
    pose and expression, and NaN where fewer than three points are found in both.
    """
    common = real.found & generated.found
    common &= common.sum(-1, keepdims=True) >= FEWEST_POINTS
    normalised = [_normalise(points.positions, common) for points in (real, generated)]
    return _mean_where(np.linalg.norm(normalised[0] - normalised[1], axis=-1), common)


def shape_distance(real: KeyPoints, generated: KeyPoints) -> np.ndarray:
    """How differently two rigid objects, as heads, are shaped, whichever way they look.

    The points with their depth are centred and scaled as in `pose_distance`, and those of the
    generated frame are rotated and scaled onto the others (orthogonal Procrustes); the value is the
    mean Euclidean distance that remains. NaN where fewer than three points are found in both.

    Raises:
      ValueError: there is no depth.
    """
    common = real.found & generated.found
    shapes = [np.broadcast_to(_in_space(p), (*common.shape, 3)) for p in (real, generated)]
    values = np.full(len(common), np.nan)
    for frame, used in enumerate(common):
        if used.sum() >= FEWEST_POINTS:
            values[frame] = _procrustes(*(shape[frame, used] for shape in shapes))
    return values


def _in_space(points: KeyPoints) -> np.ndarray:
    if points.depth is None:
        raise ValueError("shapes are compared in space, but these key points have no depth")
    return np.concatenate([points.positions, points.depth[..., None]], -1)


def _normalise(positions: np.ndarray, used: np.ndarray) -> np.ndarray:
    weight = used[..., None] / np.maximum(used.sum(-1), 1)[:, None, None]
    centred = positions - (positions * weight).sum(1, keepdims=True)
    spread = np.sqrt((centred**2 * weight).sum((1, 2), keepdims=True))
    return centred / np.where(spread > 0, spread, 1)


def _procrustes(fixed: np.ndarray, moved: np.ndarray) -> float:
    """Mean distance of two sets of points `[points, 3]` after the best rotation and scaling."""
    every = np.ones((1, len(fixed)), bool)
    fixed, moved = (_normalise(points[None], every)[0] for points in (fixed, moved))
    left, stretch, right = np.linalg.svd(moved.T @ fixed)
    # A rotation, never a reflection.
    sign = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    scale = (stretch * sign).sum() / len(fixed)
    return float(np.linalg.norm(scale * moved @ (left * sign) @ right - fixed, axis=-1).mean())


def _mean_where(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    count = used.sum(-1)
    total = np.where(used, values, 0).sum(-1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
