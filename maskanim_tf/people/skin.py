"""Paints the skin of a person: colour, and a relief of pores and wrinkles.

Colour is what two pigments leave of the light: melanin (freckles, spots, tan) and blood (cheeks,
nose, lips, mottling). Each is one field over the skin; their absorption differs by channel.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.people.face_paint import brow_strokes, furrows
from maskanim_tf.people.hairline import beard_density, scalp_density
from maskanim_tf.people.noise import noise_tile, smooth_step, surface_noise
from maskanim_tf.people.skin_fields import load_skin_fields
from maskanim_tf.people.skin_map import TEXTURE_SIZE, SkinMap
from maskanim_tf.people.traits import Traits

_MELANIN = np.array([0.42, 0.75, 1.0])
_BLOOD = np.array([0.05, 0.42, 0.36])
_PORE_HEIGHT = 0.0005
# Size of a texel of the skin, in decimetres.
_TEXEL = 1 / 200.0


@dataclasses.dataclass(frozen=True)
class Paint:
    """Textures of a surface; row 0 lies at v = 0.

    Attributes:
        albedo: uint8 `[size, size, 4]`, square roots of the linear reflectances, and opacity.
        relief: uint8 `[size, size, 4]`: slopes to the side and upwards (128 is level, 64 levels for
            a slope of 1), gloss, and how far the slopes come and go with the expression.
    """

    albedo: np.ndarray
    relief: np.ndarray


def paint_skin(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> Paint:
    """The textures of a person's skin."""
    surface, fields = skin_map.surface, load_skin_fields(skin_map.size)
    coarse = noise_tile(rng, 4, 4)
    broad = surface_noise(coarse, surface, 0.35, 2)
    middle = surface_noise(coarse, surface + 3.0, 1.4)

    melanin = 0.06 * broad + 0.035 * middle + 0.03 * fields.grain + 0.02 * fields.pores
    melanin += _freckles(surface, traits, rng, fields.cheek + fields.nose)
    melanin += (0.10 * traits.darkness) * fields.neck
    melanin += fields.socket * (0.08 + 0.18 * traits.wrinkles)
    blood = traits.mottling * (0.06 * broad + 0.065 * middle + 0.05 * fields.grain) - 0.06
    blood += traits.blush * (0.75 * fields.cheek + 0.7 * fields.nose + 0.3 * fields.chin)
    blood += fields.socket * 0.22 + fields.rim * 0.35 - 0.18 * fields.forehead
    color = _planes(traits.skin) * np.exp(
        -melanin * _planes(_MELANIN) - blood * _planes(_BLOOD), dtype=np.float32
    )

    lips = smooth_step(0.28, 0.62, skin_map.lips + 0.05 * middle)
    _mix(color, _planes(traits.lips) * np.exp(0.07 * fields.stripes + 0.08 * middle), lips * 0.9)
    if traits.eye_shadow:
        _mix(color, _planes(traits.shadow * 0.7), fields.upper_lid * np.float32(traits.eye_shadow))
    _mix(color, _planes(np.full(3, 0.012)), fields.liner * (0.245 + 0.455 * traits.eyeliner))
    beard = beard_density(skin_map, traits, rng) * (1 - lips)
    if traits.stubble:
        thick = traits.beard not in ("none", "stubble")
        through = _planes(np.array([0.6, 0.72, 0.85]) * (0.10 if thick else 0.28))
        dots = 0.45 + 0.55 * smooth_step(-1.5, 1.5, fields.dots)
        # White stubble does not lighten fair skin: what is seen is the root.
        root = np.minimum(traits.hair * 0.7, traits.skin * 0.5)
        _mix(color, _planes(root) + through * color, np.clip(beard * dots, 0, 0.95))
    brows = brow_strokes(skin_map, traits, rng)
    _mix(color, _planes(traits.brows), brows)
    scalp, strands = scalp_density(skin_map, traits, rng)
    _mix(color, _planes(traits.hair) * (0.55 + 0.45 * strands), scalp)

    pores = (0.6 * fields.pores + 0.8 * fields.grain) * (1 - scalp) * (1 + fields.nose)
    height = _PORE_HEIGHT * pores + 0.0012 * middle * traits.wrinkles
    height -= 0.0012 * fields.stripes * lips
    oil = 0.32 + 0.35 * traits.oil * (0.4 + fields.nose + 0.7 * fields.forehead)
    gloss = oil + (0.62 + 0.3 * (traits.lipstick > 0.5) - oil) * lips
    gloss = gloss * (1 - 0.75 * scalp) * (1 - 0.5 * beard) * (1 - 0.6 * brows)
    gloss += 0.04 * fields.grain
    texel = _TEXEL * TEXTURE_SIZE / skin_map.size
    relief = encode_relief(height, gloss, texel, furrows(skin_map, rng))
    return Paint(_encode_color(color), relief)


def encode_relief(
    height: np.ndarray,
    gloss: np.ndarray,
    texel: float = _TEXEL,
    furrowed: np.ndarray | None = None,
) -> np.ndarray:
    """Slopes and gloss as bytes.

    Args:
        height: float `[size, size]`.
        gloss: the same, in [0, 1].
        texel: size of a texel in units of the height.
        furrowed: more height, `[size, size]`, that comes and goes with the expression.
    """
    slopes = _slopes(height, texel)
    relief = np.empty((*height.shape, 4), np.uint8)
    relief[..., 3] = 0
    if furrowed is not None:
        deep = _slopes(furrowed, texel)
        size = np.abs(deep).sum(axis=0)
        relief[..., 3] = 255 * size / (size + np.abs(slopes).sum(axis=0) + 0.01)
        slopes = slopes + deep
    relief[..., :2] = np.clip(128 + 64 * slopes, 0, 255).transpose(1, 2, 0)
    relief[..., 2] = np.clip(255 * gloss, 0, 255)
    return relief


def _slopes(height: np.ndarray, texel: float) -> np.ndarray:
    """How fast heights rise sideways and upwards, float32 `[2, size, size]`."""
    height = height.astype(np.float32)
    return np.stack([cv2.Sobel(height, -1, x, y, scale=0.125 / texel) for x, y in ((1, 0), (0, 1))])


def _encode_color(color: np.ndarray) -> np.ndarray:
    """Linear planes `[3, size, size]` to square roots as bytes, and an opacity of 1."""
    levels = (np.sqrt(np.clip(color, 0, 1)) * 255 + 0.5).astype(np.uint8)
    return cv2.merge([*levels, np.full(levels.shape[1:], 255, np.uint8)])


def _planes(color: np.ndarray) -> np.ndarray:
    """A colour as float32 `[3, 1, 1]`."""
    return np.asarray(color, np.float32)[:, None, None]


def _freckles(
    surface: np.ndarray, traits: Traits, rng: np.random.Generator, where: np.ndarray
) -> np.ndarray:
    """Extra melanin of freckles, of a few moles, and of the spots of old age."""
    moles = surface_noise(noise_tile(rng, 1, 32), surface, 0.30)
    result = 0.9 * smooth_step(3.6, 3.8, moles)
    if traits.freckles:
        spots = surface_noise(noise_tile(rng, 2, 32), surface, 0.55)
        amount = smooth_step(1.1, 2.0, spots) * traits.freckles * (where + 0.25)
        result += 0.9 * np.minimum(amount, 1.0)
    if traits.wrinkles > 0.1:
        blotches = surface_noise(noise_tile(rng, 2, 16), surface, 0.5)
        result += 0.35 * smooth_step(1.6, 2.6, blotches) * traits.wrinkles
    return result


def _mix(color: np.ndarray, other: np.ndarray, share: np.ndarray) -> None:
    """Brings `color` `[3, size, size]` to `other` where the share is 1."""
    color += (other - color) * share.astype(np.float32)
