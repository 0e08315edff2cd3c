"""Paints the skin of a person: colour, and a relief of pores and wrinkles.

Colour is what two pigments leave of the light: melanin (freckles, spots, tan) and blood (cheeks,
nose, lips, mottling). Each is one field over the skin; their absorption differs by channel.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.people.face_paint import brow_strokes, eyelid_fields, wrinkle_heights
from maskanim_tf.people.hairline import beard_density, scalp_density
from maskanim_tf.people.noise import noise_tile, smooth_step, solid_noise
from maskanim_tf.people.skin_map import SkinMap
from maskanim_tf.people.traits import Traits

_MELANIN = np.float32([0.42, 0.75, 1.0])
_BLOOD = np.float32([0.05, 0.42, 0.36])
_PORE_HEIGHT = 0.0005


@dataclasses.dataclass(frozen=True)
class Paint:
    """Textures of a surface; row 0 lies at v = 0.

    Attributes:
        albedo: uint8 `[size, size, 4]`, square roots of the linear reflectances, and opacity.
        relief: uint8 `[size, size, 4]`: slopes to the side and upwards (128 is level, 64 levels for
            a slope of 1), gloss, and how far the slopes are of wrinkles.
    """

    albedo: np.ndarray
    relief: np.ndarray


def paint_skin(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> Paint:
    """The textures of a person's skin."""
    position = skin_map.position
    x, y, z = cv2.split(position)
    side, front = np.abs(x), smooth_step(0.15, 0.6, z)
    coarse, fine = noise_tile(rng, 4, 4), noise_tile(rng, 3, 32)
    broad = solid_noise(coarse, position, 0.35, 2)
    middle = solid_noise(coarse, position + 3.0, 1.4, 2)
    grain = solid_noise(fine, position, 0.8)
    pores = solid_noise(fine, position + 1.0, 1.6)
    cheek = _blob(side, y, z, (0.46, 6.92, 1.2), (0.26, 0.22, 0.5))
    nose = _blob(side, y, z, (0.0, 6.93, 1.7), (0.17, 0.17, 0.3))
    chin = _blob(side, y, z, (0.0, 6.30, 1.45), (0.25, 0.14, 0.4))

    melanin = 0.05 * broad + 0.03 * middle + 0.02 * grain
    melanin += _freckles(position, traits, rng, cheek + nose)
    melanin += 0.10 * smooth_step(6.3, 5.9, y) * traits.darkness
    blood = traits.mottling * (0.06 * broad + 0.09 * middle + 0.04 * grain)
    blood += traits.blush * (0.75 * cheek + 0.7 * nose + 0.3 * chin) - 0.06
    blood -= 0.18 * front * smooth_step(7.5, 7.8, y)
    lids = eyelid_fields(position)
    melanin += lids.socket * (0.08 + 0.18 * traits.wrinkles)
    blood += lids.socket * 0.22 + lids.rim * 0.35
    absorbed = melanin[..., None] * _MELANIN + blood[..., None] * _BLOOD
    color = np.exp(-absorbed) * traits.skin.astype(np.float32)

    lips = smooth_step(0.28, 0.62, skin_map.lips + 0.05 * middle)
    stripes = solid_noise(fine, position * np.float32([1.0, 0.12, 0.12]), 1.4)
    color = _mix(color, traits.lips * np.exp(0.07 * stripes + 0.08 * middle)[..., None], lips * 0.9)
    if traits.eye_shadow:
        color = _mix(color, traits.shadow * 0.7, lids.upper * traits.eye_shadow)
    color = _mix(color, np.full(3, 0.012), lids.liner * (0.35 + 0.65 * traits.eyeliner) * 0.7)
    beard = beard_density(position, traits, rng) * (1 - lips)
    dots = smooth_step(-1.5, 1.5, solid_noise(fine, position + 2.0, 2.6)) if traits.stubble else 0
    thick = traits.beard not in ("none", "stubble")
    shade = traits.hair * 0.7 + (0.10 if thick else 0.28) * color * np.float32([0.6, 0.72, 0.85])
    color = _mix(color, shade, np.clip(beard * (0.45 + 0.55 * dots), 0, 0.95))
    brows = brow_strokes(skin_map, traits, rng)
    color = _mix(color, traits.brows, brows)
    scalp, strands = scalp_density(skin_map, traits, rng)
    color = _mix(color, traits.hair * (0.55 + 0.45 * strands)[..., None], scalp)

    pore_height = _PORE_HEIGHT * (0.6 * pores + 0.8 * grain) * (1 - scalp) * (1 + nose)
    height = pore_height + 0.0012 * middle * traits.wrinkles - 0.0012 * stripes * lips
    wrinkles = wrinkle_heights(skin_map, traits, rng)
    oil = 0.32 + 0.35 * traits.oil * (0.4 + nose + 0.7 * front * smooth_step(7.5, 7.8, y))
    gloss = _mix(oil, 0.62 + 0.3 * (traits.lipstick > 0.5), lips) * (1 - 0.75 * scalp)
    gloss = gloss * (1 - 0.5 * beard) * (1 - 0.6 * brows) + 0.04 * grain
    return Paint(_encode_color(color), encode_relief(height + wrinkles, gloss))


def encode_relief(height: np.ndarray, gloss: np.ndarray, texel: float = 1 / 200.0) -> np.ndarray:
    """Slopes and gloss as bytes; `texel` is the size of a texel in units of the height."""
    sideways = cv2.Sobel(height.astype(np.float32), -1, 1, 0, scale=0.125 / texel)
    upwards = cv2.Sobel(height.astype(np.float32), -1, 0, 1, scale=0.125 / texel)
    relief = np.empty((*height.shape, 4), np.uint8)
    relief[..., 0] = np.clip(128 + 64 * sideways, 0, 255)
    relief[..., 1] = np.clip(128 + 64 * upwards, 0, 255)
    relief[..., 2] = np.clip(255 * gloss, 0, 255)
    relief[..., 3] = 255
    return relief


def _encode_color(color: np.ndarray) -> np.ndarray:
    albedo = np.full((*color.shape[:2], 4), 255, np.uint8)
    albedo[..., :3] = np.sqrt(np.clip(color, 0, 1)) * 255 + 0.5
    return albedo


def _freckles(
    position: np.ndarray, traits: Traits, rng: np.random.Generator, where: np.ndarray
) -> np.ndarray:
    """Extra melanin of freckles, of a few moles, and of the spots of old age."""
    moles = solid_noise(noise_tile(rng, 1, 32), position, 0.30, 2)
    result = 0.9 * smooth_step(3.6, 3.8, moles)
    if traits.freckles:
        spots = solid_noise(noise_tile(rng, 2, 32), position, 0.55)
        amount = smooth_step(1.1, 2.0, spots) * traits.freckles * (where + 0.25)
        result += 0.9 * np.minimum(amount, 1.0)
    if traits.wrinkles > 0.1:
        blotches = solid_noise(noise_tile(rng, 2, 16), position, 0.5, 2)
        result += 0.35 * smooth_step(1.6, 2.6, blotches) * traits.wrinkles
    return result


def _blob(
    side: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    center: tuple[float, float, float],
    size: tuple[float, float, float],
) -> np.ndarray:
    """A soft spot of height 1, the same left and right."""
    distance = sum(((v - c) / s) ** 2 for v, c, s in zip((side, y, z), center, size))
    return np.exp(-distance)


def _mix(one: np.ndarray, other: np.ndarray | float, share: np.ndarray) -> np.ndarray:
    """`one` where the share is 0, `other` where it is 1."""
    if np.ndim(one) == 3:
        share = share[..., None]
    return one + (np.asarray(other, np.float32) - one) * share
