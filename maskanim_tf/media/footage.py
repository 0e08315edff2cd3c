"""Sources and drivers: pictures and clips of any kind as streams of square frames."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import repeat

import numpy as np

from maskanim_tf.media.clip import PICTURE_SUFFIXES, VIDEO_SUFFIXES, has_suffix
from maskanim_tf.media.clips import Clip, clip_time, clip_timing, iterate_frames, probe_clip
from maskanim_tf.media.clock import Timing
from maskanim_tf.media.cropping import object_box
from maskanim_tf.media.fitting import Square, cut_square, square_around
from maskanim_tf.media.picture_clip import probe_picture
from maskanim_tf.media.pictures import claimed_size
from maskanim_tf.media.sound import Sound, open_sound
from maskanim_tf.media.video_clip import stored_size


@dataclasses.dataclass(frozen=True)
class Footage:
    """Frames that can be read again and again, one in memory at a time.

    Attributes:
      clip: where they are.
    """

    clip: Clip

    def frames(self) -> Iterator[np.ndarray]:
        """All frames in order, uint8 `[height, width, 3]`, RGB, upright; ClipError if broken."""
        return iterate_frames(self.clip)

    def squares(self, size: int, fit: str, auto_crop: bool) -> SquareFootage:
        """The same frames as squares; see `AnimationOptions`."""
        box = object_box(self.frames()) if auto_crop else None
        square = square_around(box, self.clip.height, self.clip.width, fit)
        return SquareFootage(self, square, size)


@dataclasses.dataclass(frozen=True)
class SquareFootage:
    """Footage with every frame cut to a square.

    Attributes:
      footage: what is cut.
      square: left, top and side in pixels of the footage.
      size: side of the frames in pixels.
      path: a square for each frame where it follows a subject; `square` then is the first one.
    """

    footage: Footage
    square: Square
    size: int
    path: tuple[Square, ...] = ()

    @property
    def clip(self) -> Clip:
        """Where the frames come from, and how many there are."""
        return self.footage.clip

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self.clip.frames

    @property
    def fps(self) -> float:
        """Frames per second, their mean where they vary."""
        return self.clip.fps

    def timing(self, first: int = 0) -> Timing:
        """How long the frames from `first` on are shown; see `clip_timing`."""
        return clip_timing(self.clip, first)

    def sound(self, wanted: bool, first: int = 0) -> AbstractContextManager[Sound | None]:
        """The sound from a frame on; see `open_sound`."""
        return open_sound(self.clip, wanted, clip_time(self.clip, first))

    def masks(self) -> Iterator[np.ndarray] | None:
        """None: a network has to find them."""
        return None

    def frames(self) -> Iterator[np.ndarray]:
        """All frames in order, uint8 `[size, size, 3]`."""
        for frame, square in zip(self.footage.frames(), self.places()):
            yield cut_square(frame, *square, self.size)

    def places(self) -> Iterator[Square]:
        """What is cut from each frame."""
        return iter(self.path) if self.path else repeat(self.square, self.count)

    def frame(self, index: int) -> np.ndarray:
        """One frame."""
        for number, frame in enumerate(self.frames()):
            if number == index:
                return frame
        raise ValueError(f"{self.clip.path}: it has no frame {index}")


def open_footage(path: str | os.PathLike[str]) -> Footage:
    """What lies under a path: a clip as `media.clips` has it, or any other picture.

    Raises:
      ClipError: nothing that can be read.
    """
    path = os.fspath(path)
    if os.path.isdir(path) or has_suffix(path, VIDEO_SUFFIXES + PICTURE_SUFFIXES):
        return Footage(probe_clip(path))
    clip, _ = probe_picture(path, os.path.splitext(os.path.basename(path))[0])
    return Footage(clip)


def claimed_pixels(path: str | os.PathLike[str]) -> int:
    """Pixels of a picture, or of a frame of a video, as its header claims; decodes nothing.

    Raises:
      ClipError: nothing that can be read.
    """
    path = os.fspath(path)
    if has_suffix(path, VIDEO_SUFFIXES):
        height, width = stored_size(path)
    else:
        height, width = claimed_size(path)
    return height * width
