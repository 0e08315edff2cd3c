"""The paper's metrics (section 4) as pure functions with one value per frame.

The published figures come from other detectors and embeddings than those at hand here, so only L1
and SSIM can be compared with them directly. A single frame as `generated` stands for all.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# Keys of every table of results.
L1, SSIM, AKD, MKR, AED, CSIM = "l1", "ssim", "akd", "mkr", "aed", "csim"
POSE, SHAPE = "pose", "shape"
IOU = "iou"
METRICS = (L1, SSIM, AKD, MKR, POSE, SHAPE, IOU, AED, CSIM)
HIGHER_IS_BETTER = (SSIM, IOU, CSIM)


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
    generated = np.broadcast_to(generated, real.shape)
    frames = (tf.cast(images, tf.float32) / 255 for images in (real, generated))
    return tf.image.ssim(*frames, max_val=1.0).numpy().astype(np.float64)


def mask_overlap(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Intersection over union of masks, bool `[frames, height, width]`; NaN where none has any."""
    union = (real | generated).sum((1, 2))
    return np.where(union > 0, (real & generated).sum((1, 2)) / np.maximum(union, 1), np.nan)


def embedding_distance(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """AED: Euclidean distance of embeddings `[frames, features]`; NaN where one is."""
    return np.linalg.norm(np.asarray(real, np.float64) - generated, axis=-1)


def cosine_similarity(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """CSIM: cosine of the angle between embeddings `[frames, features]`.

    It is 0 where one is zero, and NaN where one is.
    """
    real, generated = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    lengths = np.linalg.norm(real, axis=-1) * np.linalg.norm(generated, axis=-1)
    return (real * generated).sum(-1) / np.where(lengths > 0, lengths, 1)
