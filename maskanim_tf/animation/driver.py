"""What a picture moves like: the frames of a film, or the masks of a template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np

from maskanim_tf.media.clock import Timing
from maskanim_tf.media.sound import Sound


class Driver(Protocol):
    """Square frames that can be read again and again; `media.footage.SquareFootage` is one."""

    @property
    def count(self) -> int:
        """How many frames there are."""

    @property
    def fps(self) -> float:
        """Frames per second, their mean where they vary."""

    def frames(self) -> Iterator[np.ndarray]:
        """All frames in order, uint8 `[image_size, image_size, 3]`, RGB."""

    def masks(self) -> Iterator[np.ndarray] | None:
        """Their masks, float32 `[mask_size, mask_size, 1]` in [0, 1]; None if a network finds them.

        There are as many as frames.
        """

    def timing(self, first: int = 0) -> Timing:
        """How long the frames from `first` on are shown, as `media.movies.write_movie` takes it."""

    def sound(self, wanted: bool, first: int = 0) -> AbstractContextManager[Sound | None]:
        """The sound from a frame on, None where there is none or it is not wanted."""
