"""When frames are shown, for how long, and whether one number says it all."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

DEFAULT_FPS = 25.0
# Containers round their time stamps, Matroska to a millisecond.
ROUNDING = 1e-3
EPSILON = 1e-6
LARGEST_DENOMINATOR = 1001


def frame_durations(times: np.ndarray, end: float) -> np.ndarray:
    """How long each frame is shown, float64 `[frames]`, in seconds.

    Args:
      times: float64 `[frames]`, ascending, in seconds.
      end: when the last frame ends.
    """
    return np.diff(np.append(times, end))


def steady_rate(times: np.ndarray, announced: Iterable[Fraction | None], tick: float) -> float:
    """Frames per second if a rate explains every time stamp but for rounding, else 0.

    Args:
      times: float64 `[frames]`, in seconds, beginning with 0.
      announced: rates that the file claims; each is believed only if it is true.
      tick: unit of the time stamps in seconds.
    """
    rates = [rate for rate in announced if rate]
    if len(times) > 1:
        measured = (len(times) - 1) / float(times[-1])
        rates.append(Fraction(measured).limit_denominator(LARGEST_DENOMINATOR))
        rates.append(Fraction(measured))
    elif rates:
        return float(rates[0])
    tolerance = max(tick, ROUNDING) + EPSILON
    steps = np.arange(len(times))
    for rate in rates:
        if rate > 0 and np.abs(times - steps / float(rate)).max() <= tolerance:
            return float(rate)
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
    steady = np.abs(ends - steps).max() <= max(tick, ROUNDING) + EPSILON
    return fps if steady else durations
