"""Frames as 8-bit levels and as floats."""

from __future__ import annotations

import numpy as np


def as_floats(frames: np.ndarray) -> np.ndarray:
    """8-bit frames as float32 in [0, 1]."""
    return frames.astype(np.float32) / 255


def as_bytes(frames: np.ndarray) -> np.ndarray:
    """Frames in [0, 1] as uint8."""
    return np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
