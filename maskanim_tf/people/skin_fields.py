"""Fields over the skin that are the same for everybody: regions of the face, pores, fine grain."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

from maskanim_tf.people.noise import noise_tile, smooth_step, surface_noise
from maskanim_tf.people.skin_map import load_skin_map

_SEED = 20261
_EYE = (0.312, 7.285)


@dataclasses.dataclass(frozen=True)
class SkinFields:
    """Fields float32 `[size, size]`; those from `grain` on are noise of deviation 1.

    Attributes:
        cheek, nose, chin, forehead, neck: soft regions in [0, 1].
        socket: the thin skin below and beside the eye; so in [0, 1], and the next three.
        upper_lid: up to the crease.
        rim: the wet edge of the lids.
        liner: where lashes root.
        grain, pores, strands, dots, stripes: from coarse to fine; the last runs down the lips.
    """

    cheek: np.ndarray
    nose: np.ndarray
    chin: np.ndarray
    forehead: np.ndarray
    neck: np.ndarray
    socket: np.ndarray
    upper_lid: np.ndarray
    rim: np.ndarray
    liner: np.ndarray
    grain: np.ndarray
    pores: np.ndarray
    strands: np.ndarray
    dots: np.ndarray
    stripes: np.ndarray


@functools.lru_cache(maxsize=2)
def load_skin_fields(size: int) -> SkinFields:
    """The fields for a texture of this size, made once in each process."""
    skin_map = load_skin_map(size)
    position, surface = skin_map.position, skin_map.surface
    _, y, z = cv2.split(position)
    tile = noise_tile(np.random.default_rng(_SEED), 3, 32)
    front = smooth_step(0.15, 0.6, z)
    return SkinFields(
        cheek=_blob(position, (0.46, 6.92, 1.2), (0.26, 0.22, 0.5)),
        nose=_blob(position, (0.0, 6.93, 1.7), (0.17, 0.17, 0.3)),
        chin=_blob(position, (0.0, 6.30, 1.45), (0.25, 0.14, 0.4)),
        forehead=front * smooth_step(7.5, 7.8, y),
        neck=smooth_step(6.3, 5.9, y),
        **_round_the_eyes(position),
        grain=surface_noise(tile, surface, 0.8),
        pores=surface_noise(tile, surface + 1.0, 1.6),
        strands=surface_noise(tile, surface + 3.0, 1.9),
        dots=surface_noise(tile, surface + 2.0, 2.6),
        stripes=surface_noise(tile, surface * np.float32([1.0, 0.12]), 1.4),
    )


def _round_the_eyes(position: np.ndarray) -> dict[str, np.ndarray]:
    x, y, z = cv2.split(position)
    front = smooth_step(0.8, 1.1, z)
    across, up = (np.abs(x) - _EYE[0]) / 0.19, (y - _EYE[1]) / 0.085
    around = np.hypot(across, up)
    socket = np.exp(-(((np.abs(x) - 0.27) / 0.2) ** 2) - ((y - 7.16) / 0.10) ** 2) * front
    upper = np.exp(-(across**2)) * smooth_step(7.33, 7.36, y) * smooth_step(7.46, 7.40, y) * front
    rim = smooth_step(1.25, 1.0, around) * front
    liner = smooth_step(1.08, 0.84, around) * smooth_step(-0.1, 0.6, up) * front
    return {"socket": socket, "upper_lid": upper, "rim": rim, "liner": liner}


def _blob(
    position: np.ndarray, center: tuple[float, float, float], size: tuple[float, float, float]
) -> np.ndarray:
    """A soft spot of height 1, the same left and right."""
    x, y, z = cv2.split(position)
    distance = sum(((v - c) / s) ** 2 for v, c, s in zip((np.abs(x), y, z), center, size))
    return np.exp(-distance)
