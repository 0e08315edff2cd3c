"""Frames as floats, without TensorFlow."""

from __future__ import annotations

import numpy as np


def as_floats(frames: np.ndarray) -> np.ndarray:
    """8-bit frames as float32 in [0, 1]."""
    return frames.astype(np.float32) / 255
