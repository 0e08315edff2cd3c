"""Floating frames as 8-bit ones, in NumPy alone: what only writes files needs no TensorFlow."""

from __future__ import annotations

import numpy as np


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Frames or masks of any shape, floating in [0, 1], as 8 bits; the inverse of `as_floats`."""
    return np.clip(np.asarray(images, np.float32) * 255 + 0.5, 0, 255).astype(np.uint8)
