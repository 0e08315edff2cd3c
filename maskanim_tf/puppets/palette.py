"""Colours of the puppets' world, chosen in the chroma plane of Y'CbCr.

A pixel is a luma Y' and a chroma vector (Cb, Cr). Both are linear in R'G'B', which is the space
where blurring, down-scaling and video compression mix pixels: mixing a marker with a grey neighbour
shortens its chroma vector but keeps its direction. Joints are therefore told apart by the direction
alone, and everything else in the scene keeps a short chroma vector (`MAX_MUTED_CHROMA`), so that a
strong one can only be a marker.
"""

from __future__ import annotations

import numpy as np

from maskanim_tf.puppets.skeleton import JOINT_NAMES

MARKER_CHROMA = 0.42
MAX_MUTED_CHROMA = 0.13

# Rows: Y', Cb, Cr of ITU-R BT.601, with R'G'B' in [0, 1]; Cb and Cr in [-0.5, 0.5].
_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ]
)
_RGB = np.linalg.inv(_YCBCR)

# Twelve directions, 30 degrees apart. Joints that are neighbours on the body, or mirror images of
# each other, lie at least 60 degrees apart, since their markers may touch.
_FIRST_ANGLE = 6.75
_WHEEL = {
    "head": 3,
    "pelvis": 9,
    "left_shoulder": 0,
    "left_elbow": 5,
    "left_hand": 10,
    "left_knee": 2,
    "left_foot": 8,
    "right_shoulder": 6,
    "right_elbow": 11,
    "right_hand": 4,
    "right_knee": 7,
    "right_foot": 1,
}


def chroma(rgb: np.ndarray) -> np.ndarray:
    """Cb and Cr, float32 `[..., 2]` in [-0.5, 0.5], of R'G'B' colours `[..., 3]` in [0, 1]."""
    return np.asarray(rgb, np.float32) @ _YCBCR[1:].T.astype(np.float32)


def color_from_chroma(luma: float, angle: float, strength: float) -> np.ndarray:
    """The R'G'B' colour, float32 `[3]` in [0, 1], with this luma and chroma vector.

    Args:
        luma: Y' in [0, 1]; moved to the nearest value for which the colour exists.
        angle: direction of the chroma vector in degrees (0 is +Cb, bluish; 90 is +Cr, reddish).
        strength: its length, at most 0.44, which every direction can reach.
    """
    radians = np.deg2rad(angle)
    offset = _RGB[:, 1:] @ (strength * np.array([np.cos(radians), np.sin(radians)]))
    luma = np.clip(luma, -offset.min(), 1.0 - offset.max())
    return np.clip(luma + offset, 0.0, 1.0).astype(np.float32)


def joint_angles() -> np.ndarray:
    """Chroma direction of every joint's marker in degrees, float32 `[joints]`."""
    spacing = 360.0 / len(JOINT_NAMES)
    return np.array([_FIRST_ANGLE + spacing * _WHEEL[name] for name in JOINT_NAMES], np.float32)


def joint_colors() -> np.ndarray:
    """R'G'B' colour of every joint's marker, float32 `[joints, 3]` in [0, 1]."""
    return np.stack([color_from_chroma(0.5, angle, MARKER_CHROMA) for angle in joint_angles()])


def muted_color(
    rng: np.random.Generator,
    luma: tuple[float, float],
    angle: tuple[float, float] = (0.0, 360.0),
    strength: tuple[float, float] = (0.02, MAX_MUTED_CHROMA),
) -> np.ndarray:
    """A random colour, float32 `[3]` in [0, 1], that no marker detector can take for a joint."""
    return color_from_chroma(rng.uniform(*luma), rng.uniform(*angle), rng.uniform(*strength))
