"""Animated pictures: PNG, WebP, AVIF, and TIFF whose pages all have one size.

Frames are read by Pillow, upright and in the colours of `media.pictures`. The picture that an
animated PNG shows where animations are unknown is no frame of it. As in browsers, a frame that asks
for 10 ms or less is shown for 100 ms. The pages of a TIFF have no time and count as 25 per second.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from maskanim_tf.media.errors import ClipError
from maskanim_tf.media.pictures import (
    BROKEN,
    Size,
    UnknownPictureError,
    decoded,
    opened_picture,
    upright,
    upright_size,
)
from maskanim_tf.media.remembered import Remembered
from maskanim_tf.media.timing import DEFAULT_FPS, mean_rate, timing_of

ANIMATED = ("PNG", "WEBP", "AVIF", "TIFF", "GIF")
SHORTEST, INSTEAD = 0.010, 0.100  # Seconds.
TICK = 1e-3
REMEMBERED_FRAMES = 1 << 20


@dataclasses.dataclass(frozen=True)
class AnimationIndex:
    """What an animated picture holds.

    Attributes:
      durations: float64 `[frames]`, seconds for which each frame is shown.
      size: height and width of a frame in pixels, upright.
      damage: what is wrong with the first frame that cannot be decoded; "" if all can.
    """

    durations: np.ndarray
    size: Size
    damage: str = ""

    @property
    def frames(self) -> int:
        """How many can be decoded."""
        return len(self.durations)

    @property
    def fps(self) -> float:
        """Frames per second, their mean where durations vary."""
        return mean_rate(self.durations)

    def timing(self, first: int) -> float | np.ndarray:
        """How long the frames from `first` on are shown: a rate, or the seconds of each."""
        durations = self.durations[first:]
        return timing_of(durations, mean_rate(durations), TICK)

    def time(self, frame: int) -> float:
        """Seconds after the first frame at which one is shown."""
        return float(self.durations[:frame].sum())


_indices: Remembered[AnimationIndex] = Remembered(REMEMBERED_FRAMES)


class PictureHeader(NamedTuple):
    """Height and width as stored, before EXIF turns it, and whether it has frames to show."""

    height: int
    width: int
    animated: bool


def read_header(path: str | os.PathLike[str]) -> PictureHeader:
    """What a file of a picture claims to hold.

    Raises:
      ClipError: it is missing, empty, cut short, or no picture.
    """
    path = os.fspath(path)
    try:
        with opened_picture(path) as (image, _):
            return PictureHeader(image.height, image.width, _is_animated(image))
    except UnknownPictureError:
        return PictureHeader(*upright_size(path), False)


def _is_animated(image: Image.Image) -> bool:
    if image.format not in ANIMATED or _frame_count(image) < 2:
        return False
    return image.format != "TIFF" or _pages_are_alike(image)


def read_animation_index(path: str | os.PathLike[str]) -> AnimationIndex:
    """Decodes an animated picture once; the last ones are remembered.

    Raises:
      ClipError: it cannot be read, or not a single frame of it.
    """
    path = os.fspath(path)
    try:
        status = os.stat(path)
    except OSError as error:
        raise ClipError(f"{path}: cannot be read ({error.strerror})") from error
    key = path, status.st_mtime_ns, status.st_size
    return _indices.get(key, lambda: _index(path), lambda index: index.frames)


def read_animation_frames(
    path: str | os.PathLike[str], indices: Sequence[int]
) -> Iterator[np.ndarray]:
    """Frames at ascending `indices`, each uint8 RGB `[height, width, 3]`, one at a time.

    Raises:
      ClipError: the file cannot be read.
    """
    path = os.fspath(path)
    with opened_picture(path) as (image, _):
        first = _first_frame(image)
        for index in indices:
            yield _frame_at(image, first + index, path)


def _index(path: str) -> AnimationIndex:
    durations: list[float] = []
    stamps: list[float] = []
    damage = ""
    with opened_picture(path) as (image, _):
        size = upright(image)
        first = _first_frame(image)
        for number in range(first, first + _frame_count(image)):
            try:
                _frame_at(image, number, path)
            except ClipError as error:
                damage = str(error)
                break
            if image.format == "TIFF":
                durations.append(1 / DEFAULT_FPS)
                continue
            durations.append(float(image.info.get("duration") or 0) / 1000)
            stamps += [image.info["timestamp"] / 1000] if "timestamp" in image.info else []
    if not durations:
        raise ClipError(damage)
    lengths = np.array(durations)
    if len(stamps) == len(durations):
        # Both are rounded to milliseconds; differences of stamps keep the time of the whole.
        lengths[:-1] = np.diff(stamps)
    lengths[lengths <= SHORTEST] = INSTEAD
    return AnimationIndex(lengths, size, damage)


def _frame_at(image: Image.Image, number: int, path: str) -> np.ndarray:
    try:
        image.seek(number)
        image.load()
    except BROKEN as error:
        raise ClipError(
            f"{path}: frame {number} cannot be decoded ({error}); copy or download it again"
        ) from error
    return decoded(image, path)


def _frame_count(image: Image.Image) -> int:
    try:
        return getattr(image, "n_frames", 1) - _first_frame(image)
    except BROKEN:
        return 1


def _first_frame(image: Image.Image) -> int:
    """1 where a PNG begins with a picture that is no frame."""
    return int(bool(getattr(image, "default_image", False)))


def _pages_are_alike(image: Image.Image) -> bool:
    """Whether the pages of a TIFF have one size; thumbnails and reduced copies have others."""
    size = image.size
    try:
        for page in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(page)
            if image.size != size:
                return False
    except BROKEN:
        return False
    finally:
        image.seek(0)
    return True
