"""The bar that shows how far a run is, and the clock of a run that is limited by time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from tqdm import tqdm

TIMED_BAR = "{l_bar}{bar}| {n:.0f} of {total:.0f} seconds of steps{postfix}"


class Progress:
    """A bar of steps, or of seconds where time is what ends the run.

    Args:
      step: the last one that was made.
      total_steps: number of the last one that is to be made.
      minutes: of steps; 0 for no limit.
      shown: whether there is a bar.
    """

    def __init__(self, step: int, total_steps: int, minutes: float, shown: bool):
        self._seconds = 60 * minutes
        self._started = math.nan
        if minutes:
            self._bar = tqdm(total=self._seconds, bar_format=TIMED_BAR, disable=not shown)
        else:
            self._bar = tqdm(
                total=total_steps, initial=step, unit="step", smoothing=0.05, disable=not shown
            )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    @property
    def time_is_over(self) -> bool:
        """Whether the next step is to be the last one."""
        return time.monotonic() - self._started >= self._seconds > 0

    def advance(self, losses: Mapping[str, float]) -> None:
        """Notes that a step was made."""
        if self._seconds:
            # The first step, in which graphs are made, is not counted.
            self._started = time.monotonic() if math.isnan(self._started) else self._started
            passed = time.monotonic() - self._started
            self._bar.update(min(passed, self._seconds) - self._bar.n)
        else:
            self._bar.update()
        self._bar.set_postfix({term: f"{value:.3g}" for term, value in losses.items()})
