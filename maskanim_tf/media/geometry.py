"""From stored pixels to an upright picture of square pixels: aspect ratio and display matrix."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import cast

import av
import numpy as np

# What cameras and discs use lies between 1:2 and 4:1; beyond this a header is damaged.
LARGEST_ASPECT = 10
MATRIX = "DISPLAYMATRIX"


@dataclasses.dataclass(frozen=True)
class Orientation:
    """One of the eight ways a rectangle can lie: exchanged axes first, mirrored then.

    Attributes:
      exchanged: rows are columns.
      mirrored: left is right, after that.
      flipped: top is bottom, after that.
    """

    exchanged: bool = False
    mirrored: bool = False
    flipped: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """An array `[height, width, channels]` as it is to be seen, contiguous."""
        if self.exchanged:
            picture = picture.swapaxes(0, 1)
        if self.mirrored:
            picture = picture[:, ::-1]
        if self.flipped:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


# By degrees, counter-clockwise.
TURNS = {
    90: Orientation(exchanged=True, flipped=True),
    180: Orientation(mirrored=True, flipped=True),
    270: Orientation(exchanged=True, mirrored=True),
}


@dataclasses.dataclass(frozen=True)
class Geometry:
    """How the frames of a film become pictures; that of its first frame serves for all.

    Attributes:
      stored: height and width of the first frame in stored pixels.
      scaled: height and width in square pixels, before turning.
      orientation: how the picture is turned after that.
    """

    stored: tuple[int, int]
    scaled: tuple[int, int]
    orientation: Orientation

    @property
    def shown(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        height, width = self.scaled
        return (width, height) if self.orientation.exchanged else (height, width)


def read_geometry(stream: av.VideoStream, frame: av.VideoFrame) -> Geometry:
    """The geometry that a track and its first decoded frame ask for."""
    stored = frame.height, frame.width
    scaled = square_pixels(*stored, stream.sample_aspect_ratio)
    return Geometry(stored, scaled, orientation_of(frame))


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """The orientation that a decoded frame carries with it."""
    try:
        matrix = frame.side_data.get(MATRIX)
    except ValueError:
        # PyAV refuses all side data if it does not know one kind of it, but tells the angle.
        return TURNS.get(frame.rotation % 360, Orientation())
    if matrix is None:
        return Orientation()
    return read_orientation(memoryview(cast(av.buffer.Buffer, matrix)))


def square_pixels(height: int, width: int, aspect: Fraction | None) -> tuple[int, int]:
    """Height and width with square pixels; the side that is too short grows, so nothing is lost.

    Args:
      height: in stored pixels.
      width: in stored pixels.
      aspect: width of a pixel divided by its height; None or 0 where nobody knows.
    """
    if not aspect or not 1 / LARGEST_ASPECT <= aspect <= LARGEST_ASPECT:
        return height, width
    if aspect > 1:
        return height, max(1, round(width * aspect))
    return max(1, round(height / aspect)), width


def read_orientation(matrix: bytes | memoryview) -> Orientation:
    """The nearest of the eight orientations to a display matrix.

    The matrix holds nine 32-bit integers, row by row; a stored point (x, y) is shown at
    (a x + c y, b x + d y), where a, b are the first two of the first row and c, d those of the
    second.
    """
    a, b, _, c, d = np.frombuffer(matrix, np.int32, 5).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)
