"""Motions: key poses of an action, varied at random and joined by a periodic spline."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.puppets.skeleton import CHANNELS

Vector = tuple[float, float, float]

# A performance is periodic, so that the space it takes is known however long a clip is.
CYCLES_PER_PERIOD = 3
# A slow weight shift and a look around keep the rest of the body from freezing: channel, amplitude,
# times per period.
_DRIFTS = (("sway", 0.25, 2), ("turn", 0.18, 1), ("tilt", 0.06, 2), ("twist", 0.08, 1))

_ANGLES, _HANDS = slice(3, 8), slice(8, 14)
_NEUTRAL_HAND = (0.12, -0.95, 0.16)
_NEUTRAL_FOOT = (0.08, 0.0, 0.0)


def _pose(
    left_hand: Vector = _NEUTRAL_HAND,
    right_hand: Vector = _NEUTRAL_HAND,
    left_foot: Vector = _NEUTRAL_FOOT,
    right_foot: Vector = _NEUTRAL_FOOT,
    **angles: float,
) -> np.ndarray:
    """One key pose `[len(CHANNELS)]`; channels that are not named keep their neutral value."""
    values = dict.fromkeys(CHANNELS, 0.0)
    values["drop"] = 0.015
    values.update(angles)
    limbs = {
        "left_hand": left_hand,
        "right_hand": right_hand,
        "left_foot": left_foot,
        "right_foot": right_foot,
    }
    for limb, vector in limbs.items():
        values.update({f"{limb}_{axis}": value for axis, value in zip("xyz", vector)})
    return np.array([values[name] for name in CHANNELS])


@dataclasses.dataclass(frozen=True)
class Action:
    """Key poses passed through at equal intervals, over and over.

    Attributes:
        poses: the key poses of one cycle.
        tempo: range of the speed in cycles per second.
        heading: range of how far the puppet turns away from the viewer, in degrees, to either side.
    """

    poses: tuple[np.ndarray, ...]
    tempo: tuple[float, float]
    heading: tuple[float, float] = (0.0, 30.0)


_WIDE = ((0.35, 0.0, 0.0), (0.35, 0.0, 0.0))
_HIP_HAND = (0.2, -0.5, 0.15)

ACTIONS = {
    "wave": Action(
        (
            _pose((0.75, 0.55, 0.2), _HIP_HAND, tilt=0.12, roll=0.06),
            _pose((0.15, 0.85, 0.25), _HIP_HAND, tilt=-0.1, sway=0.5),
            _pose((0.7, 0.6, 0.2), _HIP_HAND, tilt=0.08, turn=0.2),
            _pose((0.25, 0.85, 0.2), (0.35, -0.75, 0.2), tilt=-0.1, sway=-0.4, roll=-0.05),
        ),
        (0.7, 1.0),
    ),
    "walk": Action(
        (
            _pose((0.1, -0.8, 0.5), (0.1, -0.85, -0.35), (0.04, 0.0, -0.38), (0.04, 0.0, 0.4)),
            _pose((0.15, -0.9, 0.15), (0.15, -0.9, 0.1), (0.04, 0.22, 0.0), (0.04, 0.0, 0.05)),
            _pose((0.1, -0.85, -0.35), (0.1, -0.8, 0.5), (0.04, 0.0, 0.4), (0.04, 0.0, -0.38)),
            _pose((0.15, -0.9, 0.1), (0.15, -0.9, 0.15), (0.04, 0.0, 0.05), (0.04, 0.22, 0.0)),
        ),
        (0.65, 0.9),
        (30.0, 55.0),
    ),
    "side_bend": Action(
        (
            _pose((0.1, 0.95, 0.1), (0.25, -0.8, 0.15), *_WIDE, roll=-0.5, sway=0.9),
            _pose((0.8, 0.2, 0.2), (0.8, 0.2, 0.2), *_WIDE, drop=0.06),
            _pose((0.25, -0.8, 0.15), (0.1, 0.95, 0.1), *_WIDE, roll=0.5, sway=-0.9),
            _pose((0.7, -0.5, 0.25), (0.7, -0.5, 0.25), *_WIDE, drop=0.1),
        ),
        (0.4, 0.65),
    ),
    "bow": Action(
        (
            _pose((0.3, 0.9, 0.15), (0.3, 0.9, 0.15), *_WIDE),
            _pose((0.5, 0.1, 0.7), (0.5, 0.1, 0.7), *_WIDE, pitch=0.7, drop=0.1),
            _pose((0.1, 0.3, 0.85), (0.1, 0.3, 0.85), *_WIDE, pitch=1.15, drop=0.14),
            _pose((0.5, -0.3, 0.6), (0.5, -0.3, 0.6), *_WIDE, pitch=0.6, drop=0.08),
        ),
        (0.4, 0.6),
        (20.0, 60.0),
    ),
    "squat": Action(
        (
            _pose((0.25, -0.8, 0.25), (0.25, -0.8, 0.25), *_WIDE),
            _pose((0.55, -0.1, 0.7), (0.55, -0.1, 0.7), *_WIDE, drop=0.25, pitch=0.2),
            _pose((0.5, 0.45, 0.6), (0.5, 0.45, 0.6), *_WIDE, drop=0.46, pitch=0.35),
            _pose((0.75, 0.15, 0.4), (0.75, 0.15, 0.4), *_WIDE, drop=0.2, pitch=0.15),
        ),
        (0.5, 0.75),
    ),
    "tai_chi": Action(
        (
            _pose((0.6, 0.35, 0.5), (-0.1, -0.25, 0.6), *_WIDE, drop=0.12, sway=1.6, twist=0.4),
            _pose((0.1, -0.1, 0.65), (0.5, 0.05, 0.6), *_WIDE, drop=0.2, sway=0.2, turn=-0.3),
            _pose((-0.15, -0.3, 0.6), (0.75, 0.4, 0.4), *_WIDE, drop=0.12, sway=-1.6, twist=-0.4),
            _pose((0.5, -0.45, 0.5), (0.3, 0.55, 0.55), *_WIDE, drop=0.22, sway=-0.4, turn=-0.4),
            _pose((0.85, -0.15, 0.35), (0.05, -0.1, 0.6), *_WIDE, drop=0.16, sway=0.8, turn=0.4),
        ),
        (0.35, 0.5),
    ),
    "jumping_jack": Action(
        (
            _pose(),
            _pose((0.9, 0.1, 0.1), (0.9, 0.1, 0.1), *_WIDE, drop=0.08, jump=0.1),
            _pose((0.3, 0.92, 0.1), (0.3, 0.92, 0.1), (0.5, 0, 0), (0.5, 0, 0), drop=0.05),
            _pose((0.9, 0.1, 0.1), (0.9, 0.1, 0.1), *_WIDE, drop=0.08, jump=0.1),
        ),
        (0.65, 0.95),
        (0.0, 15.0),
    ),
    "kick": Action(
        (
            _pose((0.45, -0.3, 0.5), (0.45, -0.3, 0.5), drop=0.08),
            _pose((0.8, 0.2, 0.2), (0.7, 0.45, 0.2), (0.62, 0.42, 0.15), roll=-0.28, sway=-0.8),
            _pose((0.3, -0.3, 0.6), (0.3, -0.3, 0.6), drop=0.1),
            _pose((0.7, 0.45, 0.2), (0.8, 0.2, 0.2), _NEUTRAL_FOOT, (0.62, 0.42, 0.15), roll=0.28),
        ),
        (0.45, 0.65),
    ),
    "clap": Action(
        (
            _pose((0.85, 0.25, 0.3), (0.85, 0.25, 0.3), sway=0.6, tilt=0.1, drop=0.05),
            _pose((-0.25, 0.1, 0.7), (-0.25, 0.1, 0.6), drop=0.1),
            _pose((0.8, -0.3, 0.35), (0.8, -0.3, 0.35), sway=-0.6, tilt=-0.1, drop=0.05),
            _pose((-0.3, -0.35, 0.6), (-0.3, -0.3, 0.5), drop=0.12),
        ),
        (0.5, 0.8),
    ),
    "cross_step": Action(
        (
            _pose((0.7, 0.1, 0.3), (0.7, 0.1, 0.3), *_WIDE),
            _pose(
                (-0.1, -0.3, 0.6), (0.6, 0.5, 0.2), (0.1, 0, -0.05), (-0.35, 0.03, 0.2), sway=0.8
            ),
            _pose((0.6, 0.45, 0.2), (0.6, 0.45, 0.2), *_WIDE, drop=0.08),
            _pose(
                (0.6, 0.5, 0.2), (-0.1, -0.3, 0.6), (-0.35, 0.03, 0.2), (0.1, 0, -0.05), sway=-0.8
            ),
        ),
        (0.45, 0.65),
        (0.0, 20.0),
    ),
}


@dataclasses.dataclass(frozen=True)
class Motion:
    """One performance of an action. It repeats after `CYCLES_PER_PERIOD` cycles.

    Attributes:
        action: name of the action, a key of `ACTIONS`.
        poses: its key poses with this performance's variations, `[keys, len(CHANNELS)]`.
        tempo: cycles per second.
        start: where in the period the clip starts, in cycles.
        heading: how far the puppet is turned away from the viewer, in radians.
        drifts: phase in radians of each of the slow movements in `_DRIFTS`.
    """

    action: str
    poses: np.ndarray
    tempo: float
    start: float
    heading: float
    drifts: np.ndarray

    def channels(self, cycles: np.ndarray) -> np.ndarray:
        """Pose channels, float64 `[frames, len(CHANNELS)]`, at times `[frames]` in cycles."""
        channels = _spline(self.poses, cycles * len(self.poses))
        for (channel, amplitude, turns), phase in zip(_DRIFTS, self.drifts):
            angle = 2.0 * np.pi * turns * cycles / CYCLES_PER_PERIOD + phase
            channels[:, CHANNELS.index(channel)] += amplitude * np.sin(angle)
        return channels


def random_motion(rng: np.random.Generator) -> Motion:
    """Draws an action and varies its key poses, speed, side, sense and starting point."""
    name = str(rng.choice(sorted(ACTIONS)))
    action = ACTIONS[name]
    poses = np.stack(action.poses)
    middle = poses.mean(axis=0)
    poses = middle + rng.uniform(0.85, 1.1) * (poses - middle)
    poses[:, _HANDS] += rng.normal(0.0, 0.05, (len(poses), 6))
    poses[:, _ANGLES] += rng.normal(0.0, 0.03, (len(poses), 5))
    if rng.random() < 0.5:
        poses = _mirrored(poses)
    if rng.random() < 0.3:
        poses = poses[::-1]
    return Motion(
        action=name,
        poses=poses,
        tempo=rng.uniform(*action.tempo),
        start=rng.uniform(0.0, CYCLES_PER_PERIOD),
        heading=np.deg2rad(rng.uniform(*action.heading)) * rng.choice([-1.0, 1.0]),
        drifts=rng.uniform(0.0, 2.0 * np.pi, len(_DRIFTS)),
    )


def _mirrored(poses: np.ndarray) -> np.ndarray:
    """The same poses with left and right exchanged."""
    mirrored = poses.copy()
    mirrored[:, 8:11], mirrored[:, 11:14] = poses[:, 11:14], poses[:, 8:11]
    mirrored[:, 14:17], mirrored[:, 17:20] = poses[:, 17:20], poses[:, 14:17]
    for channel in ("sway", "roll", "twist", "tilt", "turn"):
        mirrored[:, CHANNELS.index(channel)] *= -1.0
    return mirrored


def _spline(keys: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Periodic Catmull-Rom spline: passes key k at phase k, with a continuous velocity."""
    index = np.floor(phases).astype(int)
    x = (phases - index)[:, None]
    before, left, right, after = (keys[(index + k) % len(keys)] for k in (-1, 0, 1, 2))
    return 0.5 * (
        2.0 * left
        + (right - before) * x
        + (2.0 * before - 5.0 * left + 4.0 * right - after) * x**2
        + (3.0 * (left - right) + after - before) * x**3
    )
