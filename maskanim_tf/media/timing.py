"""When frames are shown, for how long, and whether one number says it all."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

DEFAULT_FPS = 25.0
# Containers round their time stamps, Matroska to a millisecond.
ROUNDING = 1e-3
EPSILON = 1e-6
DENOMINATORS = (1, 2, 5, 10, 100)


def steady_rate(times: np.ndarray, announced: Iterable[Fraction | None], tick: float) -> float:
    """Frames per second if a rate explains every time stamp but for rounding, else 0.

    Args:
      times: float64 `[frames]`, in seconds, beginning with 0.
      announced: rates that the file claims; each is believed only if it is true.
      tick: unit of the time stamps in seconds.
    """
    rates = [rate for rate in announced if rate]
    if len(times) == 1:
        return float(rates[0]) if rates else 0.0
    steps = np.arange(len(times))
    # The simplest rate near the one that fits best: 25, 12.5, 30000/1001.
    measured = 1 / float(np.polyfit(steps, times, 1)[0])
    rates += [Fraction(measured).limit_denominator(d) for d in DENOMINATORS]
    rates += [Fraction(round(measured * 1.001) * 1000, 1001), Fraction(measured)]
    for rate in (float(rate) for rate in rates if rate > 0):
        if np.abs(times - steps / rate).max() <= _tolerance(rate, tick):
            return rate
    return 0.0


def mean_rate(durations: np.ndarray) -> float:
    """Frames per second that keep the duration of all frames together."""
    total = float(durations.sum())
    return len(durations) / total if total > 0 else DEFAULT_FPS


def timing_of(durations: np.ndarray, fps: float, tick: float = ROUNDING) -> float | np.ndarray:
    """`fps` where it tells how long every frame is shown, else the durations themselves."""
    if fps <= 0:
        return durations
    ends = np.cumsum(durations)
    steps = np.arange(1, len(ends) + 1) / fps
    off = np.abs(ends - steps)
    # How long the last frame lasts is a guess of many writers.
    steady = off[:-1].max(initial=0) <= _tolerance(fps, tick) and off[-1] <= 0.25 / fps
    return fps if steady else durations


def _tolerance(rate: float, tick: float) -> float:
    """Seconds by which rounding can move a stamp; less than the loss of a frame does."""
    return min(max(tick, ROUNDING), 0.25 / rate) + EPSILON
