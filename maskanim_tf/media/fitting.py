"""Frames of any shape fitted into the square that the networks take."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

FITS = ("crop", "pad")

Box = tuple[int, int, int, int]  # Left, top, right and bottom in pixels, the last two exclusive.
Square = tuple[int, int, int]  # Left, top and side in pixels.


def fit_square(frame: np.ndarray, size: int, fit: str = "crop") -> np.ndarray:
    """A whole frame as a square: cut to its centre, or filled up with black.

    Args:
      frame: uint8 `[height, width, 3]` or `[height, width]`.
      size: side of the result in pixels.
      fit: one of `FITS`.

    Returns:
      uint8 `[size, size, 3]` or `[size, size]`.
    """
    height, width = frame.shape[:2]
    return cut_square(frame, *square_around(None, height, width, fit), size)


def square_around(box: Sequence[int] | None, height: int, width: int, fit: str) -> Square:
    """The square that is cut: left, top, side in pixels.

    It has the centre of the box and the longer of its sides, and is pushed into the picture. Where
    it is larger than the picture it shrinks to the shorter side of the picture ("crop"), or keeps
    its size and reaches over the edge ("pad"). The box of None is the whole picture.
    """
    left, top, right, bottom = (0, 0, width, height) if box is None else box
    side = max(right - left, bottom - top)
    if fit == "crop":
        side = min(side, height, width)
    return (
        _push_inside((left + right - side) // 2, side, width),
        _push_inside((top + bottom - side) // 2, side, height),
        side,
    )


def cut_square(frame: np.ndarray, left: int, top: int, side: int, size: int) -> np.ndarray:
    """A square of a frame, black beyond its edges, resized.

    Args:
      frame: uint8 `[height, width, 3]`.
      left: of the square in pixels; may be negative.
      top: likewise.
      side: of the square in pixels.
      size: side of the result in pixels.

    Returns:
      uint8 `[size, size, 3]`.
    """
    height, width = frame.shape[:2]
    inside = frame[max(top, 0) : top + side, max(left, 0) : left + side]
    if inside.shape[:2] != (side, side):
        above, before = max(-top, 0), max(-left, 0)
        below, after = max(top + side - height, 0), max(left + side - width, 0)
        inside = cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_CONSTANT)
    if side == size:
        return np.ascontiguousarray(inside)
    # Averaging alone does not alias on the way down; going up it would show blocks.
    method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(inside, (size, size), interpolation=method)


def _push_inside(start: int, side: int, length: int) -> int:
    """Moves a stretch into [0, length); one that is too long is centred."""
    if side > length:
        return (length - side) // 2
    return min(max(start, 0), length - side)
