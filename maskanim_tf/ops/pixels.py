"""Frames as 8-bit levels and as floats, in NumPy alone: not every program needs TensorFlow."""

from __future__ import annotations

import numpy as np


def as_floats(images: np.ndarray) -> np.ndarray:
    """8-bit frames or masks of any shape as float32 in [0, 1]."""
    return images.astype(np.float32) / 255


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Frames or masks of any shape, floating in [0, 1], as 8 bits; the inverse of `as_floats`."""
    return np.clip(np.asarray(images, np.float32) * 255 + 0.5, 0, 255).astype(np.uint8)
