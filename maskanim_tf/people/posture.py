"""Where a person looks, and how head, chest and shoulders move."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.curves import ease, events, follow, pulse, smooth_noise

# How far eyes turn in their sockets before the head must help: to the side, up or down.
_EYE_REACH = (0.50, 0.30)
# Shares of a turn to the side that the chest takes, and how far neck and chest go.
_CHEST_SHARE, _HEAD_REACH, _CHEST_REACH = 0.22, (1.25, 0.55, 0.45), (0.45, 0.25, 0.20)


def random_posture(
    rng: np.random.Generator,
    times: np.ndarray,
    *,
    liveliness: float,
    turning: float,
    stresses: list[float],
) -> tuple[dict[str, np.ndarray], list[float]]:
    """Draws how somebody sits before a camera.

    Args:
        rng: source of chance.
        times: seconds, `[times]`, evenly spaced.
        liveliness: scale of the movements, 0 for stillness, about 1.
        turning: the largest turn of the head to the side in radians, up to 1.5.
        stresses: moments of the stressed syllables, which the head marks.

    Returns:
        Over time `[times, ...]` all of `MotionState` but the face, and moments of large gaze shifts
        in seconds.
    """
    streams = iter(rng.spawn(6))
    target, looks = _look(next(streams), times, liveliness)
    turn = _turns(next(streams), times, turning)
    # The head follows where the eyes went a little later, and not the whole way.
    followed = follow(target * np.array([0.55, 0.45]), 0.3)
    head = np.zeros((len(times), 3))
    head[:, 0] = followed[:, 0] + turn
    head[:, 1] = -followed[:, 1]
    head += _gestures(next(streams), times, liveliness, stresses)

    noise = smooth_noise(next(streams), times, 2.2, 9) * min(liveliness, 1.3)
    torso = noise[:, :3] * (0.05, 0.025, 0.025)
    shift = noise[:, 3:6] * (0.12, 0.04, 0.16)
    torso += _leans(next(streams), times, liveliness)
    torso[:, 0] += _CHEST_SHARE * follow(head[:, :1], 0.4)[:, 0]
    head[:, 0] *= 1.0 - _CHEST_SHARE
    head -= 0.5 * torso * (0.0, 1.0, 1.0)

    last = next(streams)
    breath = _breath(last, times)
    torso[:, 1] -= 0.006 * breath
    shift[:, 1] += 0.015 * breath
    shoulders = 0.02 * breath[:, None] + 0.02 * liveliness * noise[:, 6:8]
    for moment, draw in events(last, float(times[-1]), 9.0 / max(liveliness, 0.1)):
        sides = draw.choice([0.0, 1.0, 1.0], 2)
        shrug = draw.uniform(0.05, 0.15) * pulse(times, moment, 0.25, draw.uniform(0.1, 0.6), 0.4)
        shoulders = shoulders + shrug[:, None] * sides

    head = np.clip(head, -np.array(_HEAD_REACH), _HEAD_REACH)
    torso = np.clip(torso, -np.array(_CHEST_REACH), _CHEST_REACH)
    # Eyes stay on their target while head and chest move; far turned heads take them along.
    away = np.stack([head[:, 0] + torso[:, 0] - turn, -(head[:, 1] + torso[:, 1])], axis=1)
    gaze = np.clip(target - away, -np.array(_EYE_REACH), _EYE_REACH)
    posture = {"gaze": gaze, "head": head, "torso": torso, "shift": shift, "shoulders": shoulders}
    return posture, looks


def _look(
    rng: np.random.Generator, times: np.ndarray, liveliness: float
) -> tuple[np.ndarray, list[float]]:
    """Directions `[times, 2]` to left and up that the eyes jump to, and moments of large jumps."""
    target = np.zeros((len(times), 2))
    home = rng.normal(0.0, (0.10, 0.05))
    now, current, looks = 0.0, home, []
    while now < times[-1]:
        away = rng.random() < 0.35
        wanted = rng.normal(0.0, (0.35, 0.16)) * min(liveliness + 0.3, 1.2) if away else home
        wanted = np.clip(wanted + rng.normal(0.0, 0.015, 2), (-0.8, -0.4), (0.8, 0.35))
        if np.hypot(*(wanted - current)) > 0.2:
            looks.append(now)
        # Saccades: 20 ms and 2 ms more for every degree.
        duration = 0.02 + 0.12 * float(np.hypot(*(wanted - current)))
        share = ease((times - now) / duration)[:, None]
        target = np.where(times[:, None] < now, target, current + share * (wanted - current))
        current = wanted
        now += duration + (rng.uniform(0.25, 1.2) if away else 0.3 + rng.exponential(1.4))
    return target, looks


def _turns(rng: np.random.Generator, times: np.ndarray, turning: float) -> np.ndarray:
    """Turns of the head to the side and back, `[times]`."""
    total = np.zeros_like(times)
    side = rng.choice([-1.0, 1.0])
    for moment, draw in events(rng, float(times[-1]), 1.6, least=1.2):
        angle = side * turning * draw.uniform(0.6, 1.0)
        duration = 0.3 + 0.45 * abs(angle) * draw.uniform(0.8, 1.5)
        # The next turn begins where this one is held, so that turns never add up.
        total += (angle - total) * pulse(times, moment, duration, draw.uniform(0.3, 1.2), duration)
        side = -side if draw.random() < 0.7 else side
    return total


def _gestures(
    rng: np.random.Generator, times: np.ndarray, liveliness: float, stresses: list[float]
) -> np.ndarray:
    """Nods, shakes, tilts and the beat of speech, `[times, 3]`."""
    head = smooth_noise(rng, times, 1.1, 3) * np.array([0.05, 0.03, 0.045]) * liveliness
    head += rng.normal(0.0, (0.06, 0.03, 0.05))
    for moment in stresses:
        if rng.random() < 0.5:
            dip = pulse(times, moment - 0.15, 0.16, 0.02, 0.25)
            head[:, 1] += liveliness * rng.uniform(0.01, 0.06) * dip
            head[:, 0] += liveliness * rng.normal(0.0, 0.015) * dip
    for moment, draw in events(rng, float(times[-1]), 4.0 / max(liveliness, 0.1), least=0.6):
        kind, size = draw.random(), draw.uniform(0.5, 1.0) * min(liveliness, 1.3)
        if kind < 0.6:
            axis, amplitude = (1, 0.11) if kind < 0.42 else (0, 0.16)
            cycles = int(draw.integers(1, 4))
            length = cycles / draw.uniform(1.4, 2.3)
            swing = np.sin(2.0 * np.pi * np.clip((times - moment) / length, 0.0, 1.0) * cycles)
            head[:, axis] += size * amplitude * swing * pulse(times, moment, 0.2, length - 0.2, 0.2)
        else:
            tilt = draw.choice([-1.0, 1.0]) * draw.uniform(0.08, 0.28) * size
            head[:, 2] += tilt * pulse(times, moment, 0.5, draw.uniform(0.4, 2.5), 0.7)
    return head


def _leans(rng: np.random.Generator, times: np.ndarray, liveliness: float) -> np.ndarray:
    """Leaning forward, back and aside, `[times, 3]`."""
    torso = np.tile(rng.normal(0.0, (0.10, 0.03, 0.03)), (len(times), 1))
    for moment, draw in events(rng, float(times[-1]), 6.0 / max(liveliness, 0.1)):
        lean = draw.normal(0.0, (0.05, 0.09, 0.06)) * liveliness
        torso += lean * pulse(times, moment, 0.8, draw.uniform(0.5, 3.0), 1.0)[:, None]
    return torso


def _breath(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Between -1 and 1, `[times]`, of slightly varying period."""
    period = rng.uniform(3.0, 5.0)
    phase = times / period + 0.08 * smooth_noise(rng, times, 5.0)[:, 0] + rng.uniform()
    return np.sin(2.0 * np.pi * phase)
