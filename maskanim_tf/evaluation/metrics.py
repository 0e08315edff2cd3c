"""The paper's metrics (section 4) as pure functions with one value per frame.

The published figures come from other detectors and embeddings than those at hand here, so only L1
and SSIM can be compared with them directly.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

# Keys of every table of results.
L1, SSIM, AKD, MKR, AED, CSIM = "l1", "ssim", "akd", "mkr", "aed", "csim"
POSE, SHAPE = "pose", "shape"
METRICS = (L1, SSIM, AKD, MKR, POSE, SHAPE, AED, CSIM)
HIGHER_IS_BETTER = (SSIM, CSIM)

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

    def repeated(self, count: int) -> KeyPoints:
        """The points of a single frame, `count` times."""
        return KeyPoints(
            np.repeat(self.positions, count, 0),
            np.repeat(self.found, count, 0),
            None if self.depth is None else np.repeat(self.depth, count, 0),
        )


def l1(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Mean absolute difference in [0, 1] of uint8 frames `[frames, height, width, 3]`."""
    difference = np.abs(real.astype(np.int16) - generated.astype(np.int16))
    return difference.mean((1, 2, 3)) / 255


def ssim(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Structural similarity of uint8 frames `[frames, height, width, 3]`; 1 for equal ones.

    `tf.image.ssim` with a Gaussian window of 11 pixels and sigma 1.5, k1 0.01, k2 0.03, averaged
    over the three channels and the places where the window fits.

    Raises:
      ValueError: frames are smaller than the window.
    """
    if min(real.shape[1:3]) < 11:
        raise ValueError(
            f"SSIM needs frames of at least 11x11, got {real.shape[2]}x{real.shape[1]}"
        )
    frames = (tf.cast(images, tf.float32) / 255 for images in (real, generated))
    return tf.image.ssim(*frames, max_val=1.0).numpy().astype(np.float64)


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
    shapes = [_in_space(points) for points in (real, generated)]
    values = np.full(len(common), np.nan)
    for frame, used in enumerate(common):
        if used.sum() >= FEWEST_POINTS:
            values[frame] = _procrustes(*(shape[frame, used] for shape in shapes))
    return values


def embedding_distance(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """AED: Euclidean distance of embeddings `[frames, features]`."""
    return np.linalg.norm(np.asarray(real, np.float64) - generated, axis=-1)


def cosine_similarity(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """CSIM: cosine of the angle between embeddings `[frames, features]`; 0 where one is zero."""
    real, generated = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    lengths = np.linalg.norm(real, axis=-1) * np.linalg.norm(generated, axis=-1)
    return (real * generated).sum(-1) / np.where(lengths > 0, lengths, 1)


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
