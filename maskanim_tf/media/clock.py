"""Time stamps of the frames that are written."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Union

import numpy as np

# Frames per second, or seconds for which each frame is shown.
Timing = Union[float, Sequence[float], np.ndarray]

LONGEST = 86_400.0  # Seconds; a day between two frames comes from a damaged file.
SLOWEST = 1.0  # Frames per second that a rate is exact enough for.


class Clock:
    """When each frame of a film is shown, in whole ticks.

    Args:
      timing: frames per second, or seconds for which each frame is shown, the last one for all
        that follow.
      tick: seconds, for uneven timing; otherwise a frame is a tick.

    Attributes:
      even: every frame is shown for one tick.
      tick: seconds.
      rate: frames per second, about that where the timing is uneven.

    Raises:
      ValueError: a time is not in (0, 86400] seconds.
    """

    def __init__(self, timing: Timing, tick: Fraction):
        durations = np.atleast_1d(np.asarray(timing, np.float64))
        if np.ndim(timing) == 0:
            durations = 1 / np.maximum(durations, 1e-9)
        if not len(durations) or not ((durations > 0) & (durations <= LONGEST)).all():
            wrong = [d for d in durations.tolist() if not 0 < d <= LONGEST]
            raise ValueError(
                f"a frame is shown for {wrong[0] if wrong else 'no'} seconds, but must be for more "
                f"than 0 and at most {LONGEST:g}; re-encode the video, its time stamps are damaged"
            )
        self.even = np.ndim(timing) == 0 and float(durations[0]) <= 1 / SLOWEST
        if self.even:
            self.rate = Fraction(1 / float(durations[0])).limit_denominator(1001)
            self.tick = 1 / self.rate
        else:
            self.rate = Fraction(max(SLOWEST, round(1 / float(np.median(durations)))))
            self.tick = tick
        self._durations = durations.tolist()
        self._stamps = [0]  # Only of uneven frames.
        self._time = 0.0
        self._asked = 0

    def stamp(self, frame: int) -> int:
        """The tick at which a frame begins; frames are asked for in order."""
        self._asked = max(self._asked, frame)
        if self.even:
            return frame
        while len(self._stamps) <= frame:
            self._time += self._durations[min(len(self._stamps), len(self._durations)) - 1]
            # Each stamp is rounded by itself, so that errors do not add up.
            self._stamps.append(max(self._stamps[-1] + 1, round(self._time / float(self.tick))))
        return self._stamps[frame]

    def seconds(self, frame: int) -> float:
        """When a frame begins, and the one before it ends."""
        return float(self.stamp(frame) * self.tick)

    @property
    def total(self) -> float:
        """Seconds until the end of the last frame that was asked for."""
        return self.seconds(self._asked)

    def parts(self, frame: int, longest: int) -> Iterator[int]:
        """Stamps under which a frame is written: several if it lasts more than `longest` ticks."""
        begin, end = self.stamp(frame), self.stamp(frame + 1)
        yield from range(begin, end, longest)

    def duration(self, stamp: int, longest: int) -> int:
        """Ticks for which what was written under a stamp is shown."""
        frame = bisect.bisect_right(self._stamps, stamp)
        end = self._stamps[frame] if frame < len(self._stamps) else stamp + 1
        return min(longest, end - stamp)
