"""Where hair grows: on the scalp for each style, and where beards do."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.noise import noise_tile, smooth_step, surface_noise
from maskanim_tf.people.skin_fields import load_skin_fields
from maskanim_tf.people.skin_map import SkinMap
from maskanim_tf.people.traits import Traits

# Height of the hair line over depth z of the base shape: nape, behind the ear, sideburn, temple,
# forehead.
_DEPTHS = (-0.4, -0.1, 0.05, 0.2, 0.3, 0.34, 0.62, 0.65, 0.76, 0.83, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5)
_LINE = (
    *(6.45, 6.50, 6.60, 6.75, 6.88, 7.26, 7.26, 6.98, 7.00),
    *(7.28, 7.46, 7.64, 7.80, 7.91, 7.98, 8.04),
)
_RECEDING = (
    *(6.45, 6.50, 6.60, 6.75, 6.88, 7.26, 7.26, 7.00, 7.04),
    *(7.34, 7.62, 8.02, 8.22, 8.28, 8.25, 8.22),
)


def hair_mask(points: np.ndarray, style: str, jitter: np.ndarray | float = 0.0) -> np.ndarray:
    """How surely hair grows at points `[..., 3]` of the base shape, [0, 1]."""
    y, z = points[..., 1], points[..., 2]
    line = _RECEDING if style == "receding" else _LINE
    edge = np.interp(z, _DEPTHS, line) + jitter
    mask = smooth_step(-0.06, 0.06, y - edge)
    if style == "bald":
        mask = mask * smooth_step(7.80, 7.50, y + 0.2 * z)
    return mask


def scalp_density(
    skin_map: SkinMap, traits: Traits, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How much hair darkens the scalp, and a texture of strands on it, both `[size, size]`."""
    position = skin_map.position
    patchy = surface_noise(noise_tile(rng, 3, 32), skin_map.surface, 0.45)
    strands = load_skin_fields(skin_map.size).strands
    mask = hair_mask(position, traits.style, 0.035 * patchy + 0.02 * strands)
    grown = {"buzz": 0.8, "bald": 0.22, "receding": 0.85, "scarf": 0.0}.get(traits.style, 0.95)
    dots = smooth_step(-1.0, 1.0, strands) if traits.style in ("buzz", "bald") else 1.0
    density = mask * grown * (0.55 + 0.45 * dots)
    return density.astype(np.float32), np.clip(0.5 + 0.35 * strands, 0, 1.5)


def beard_mask(points: np.ndarray, beard: str) -> np.ndarray:
    """How densely beard hair grows at points `[..., 3]` of the base shape, [0, 1]."""
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    top = 6.60 + 1.35 * np.clip(x - 0.36, 0, 1) + 0.35 * np.clip(x - 0.62, 0, 1)
    jaw = smooth_step(0.07, -0.07, y - top) * smooth_step(6.02, 6.22, y + 0.25 * (1.2 - z))
    jaw = jaw * smooth_step(0.36, 0.52, z)
    lip = np.exp(-(((y - 6.785 + 0.30 * x) / 0.055) ** 2)) * smooth_step(0.36, 0.26, x)
    lip = lip * smooth_step(1.2, 1.35, z)
    soul = smooth_step(0.34, 0.20, x)
    if beard == "goatee":
        return np.maximum(jaw * soul, lip)
    if beard == "moustache":
        return np.maximum(jaw * 0.12, lip)
    return np.maximum(jaw, lip)


def beard_density(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """How much stubble or the shade below a beard covers the skin, `[size, size]`."""
    if traits.stubble == 0.0:
        return np.zeros((skin_map.size, skin_map.size), np.float32)
    patchy = surface_noise(noise_tile(rng, 3, 8), skin_map.surface, 0.6, 2)
    mask = beard_mask(skin_map.position, traits.beard)
    mask = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), len(mask) / 192)
    return mask * traits.stubble * np.clip(1.0 + 0.2 * patchy, 0, 1.2)
