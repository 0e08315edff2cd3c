"""Curves over time: smooth noise, pulses, and values that follow others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.signal

# Samples of a motion per second; between two of them it is linear.
RATE = 60
# Standard deviation of a cubic B-spline whose coefficients have variance 1.
_SPLINE_DEVIATION = 0.69


def smooth_noise(
    rng: np.random.Generator, times: np.ndarray, step: float, channels: int = 1
) -> np.ndarray:
    """Noise of standard deviation 1 that changes over about `step` seconds.

    A cubic B-spline with random coefficients. More time continues it, and `rng` itself is left as
    it was.

    Returns:
        `[times, channels]`.
    """
    place = times / step
    knots = rng.spawn(1)[0].normal(size=(int(place[-1]) + 4, channels)) / _SPLINE_DEVIATION
    first = place.astype(int)
    t = (place - first)[:, None]
    weights = (
        (1.0 - t) ** 3 / 6.0,
        (3.0 * t**3 - 6.0 * t**2 + 4.0) / 6.0,
        (-3.0 * t**3 + 3.0 * t**2 + 3.0 * t + 1.0) / 6.0,
        t**3 / 6.0,
    )
    return sum(weight * knots[first + index] for index, weight in enumerate(weights))


def ease(value: np.ndarray) -> np.ndarray:
    """From 0 at 0 to 1 at 1 with the least jerk, as limbs move; constant outside."""
    t = np.clip(value, 0.0, 1.0)
    return t**3 * (10.0 - 15.0 * t + 6.0 * t**2)


def pulse(
    times: np.ndarray, start: float, attack: float, hold: float, release: float
) -> np.ndarray:
    """Rises to 1 within `attack` seconds from `start`, stays for `hold`, falls in `release`."""
    rise = ease((times - start) / attack)
    return rise * ease((start + attack + hold + release - times) / release)


def follow(values: np.ndarray, lag: float) -> np.ndarray:
    """`values` `[times, channels]`, followed smoothly `lag` seconds behind, without overshoot."""
    keep = np.exp(-2.0 / (lag * RATE))
    result = values
    for _ in range(2):
        state = result[:1] * keep
        result, _ = scipy.signal.lfilter([1.0 - keep], [1.0, -keep], result, axis=0, zi=state)
    return result


def events(
    rng: np.random.Generator, end: float, interval: float, least: float = 0.0
) -> Iterator[tuple[float, np.random.Generator]]:
    """Moments before `end` at random, `interval` seconds apart on average and at least `least`.

    Each comes with a generator of its own, so that a later end adds events and changes none.
    """
    source = rng.spawn(1)[0]
    now = source.exponential(interval - least)
    while now < end:
        yield now, source.spawn(1)[0]
        now += least + source.exponential(interval - least)
