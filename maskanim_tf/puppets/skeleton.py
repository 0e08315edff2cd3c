"""Skeleton of a puppet: joints, pose channels and body proportions.

Body space is right-handed: x to the right of the picture (the puppet's own left), y up, z towards
the viewer. The unit is the standing height of the puppet. Arms and legs are placed by inverse
kinematics from hand and foot targets, so feet stay on the floor in a squat and hands go where a
motion says.
"""

from __future__ import annotations

import dataclasses

import numpy as np

JOINT_NAMES = (
    "head",
    "pelvis",
    "left_shoulder",
    "left_elbow",
    "left_hand",
    "left_knee",
    "left_foot",
    "right_shoulder",
    "right_elbow",
    "right_hand",
    "right_knee",
    "right_foot",
)

# One scalar per channel and frame. Hands are relative to their shoulder in arm lengths, feet
# relative to the floor below their hip in leg lengths; x counts outwards from the body on either
# side. Angles are in radians.
CHANNELS = (
    *("sway", "drop", "jump", "pitch", "roll", "twist", "tilt", "turn"),
    *("left_hand_x", "left_hand_y", "left_hand_z", "right_hand_x", "right_hand_y", "right_hand_z"),
    *("left_foot_x", "left_foot_y", "left_foot_z", "right_foot_x", "right_foot_y", "right_foot_z"),
)


@dataclasses.dataclass(frozen=True)
class Proportions:
    """Lengths and half-widths of a body, in units of its standing height."""

    head: float = 0.098
    neck: float = 0.03
    torso: float = 0.285
    shoulders: float = 0.118
    hips: float = 0.062
    upper_arm: float = 0.165
    forearm: float = 0.15
    thigh: float = 0.235
    shin: float = 0.225
    foot: float = 0.075
    ankle: float = 0.03
    arm_width: float = 0.032
    leg_width: float = 0.043
    belly: float = 0.09


def random_proportions(rng: np.random.Generator) -> Proportions:
    """Proportions of a random body: tall or short legs, slim or stout, large or small head."""
    average = Proportions()
    legs, arms, girth = rng.uniform(0.9, 1.1), rng.uniform(0.93, 1.08), rng.uniform(0.85, 1.2)
    return dataclasses.replace(
        average,
        head=average.head * rng.uniform(0.92, 1.12),
        torso=average.torso * (2.0 - legs) * rng.uniform(0.97, 1.03),
        shoulders=average.shoulders * rng.uniform(0.92, 1.1) * girth**0.5,
        hips=average.hips * rng.uniform(0.95, 1.1) * girth**0.5,
        upper_arm=average.upper_arm * arms,
        forearm=average.forearm * arms,
        thigh=average.thigh * legs,
        shin=average.shin * legs,
        arm_width=average.arm_width * rng.uniform(0.92, 1.1) * girth**0.5,
        leg_width=average.leg_width * rng.uniform(0.92, 1.1) * girth**0.5,
        belly=average.belly * girth * rng.uniform(0.9, 1.1),
    )
