"""Light: a key light that throws shadows, a fill, a rim, and the surroundings."""

from __future__ import annotations

import dataclasses

import numpy as np

# Constants of the real spherical harmonics up to order two, times the share of each order that
# irradiance keeps (1, 2/3, 1/4).
_CONSTANTS = np.array([0.282095, *[0.488603] * 3, *[1.092548] * 2, 0.315392, 1.092548, 0.546274])
_KEPT = np.array([1.0, *[2.0 / 3.0] * 3, *[0.25] * 5])
_PEAK = 4.25 / (4.0 * np.pi)


@dataclasses.dataclass(frozen=True)
class Lights:
    """Linear colours; directions point towards the light.

    Attributes:
        directions: float32 `[3, 3]` of key, fill and rim.
        colors: float32 `[3, 3]`.
        harmonics: float32 `[9, 3]` of the surroundings, for the shaders.
        softness: of the shadows' edges, in texels of the shadow map.
        exposure: factor before the film.
    """

    directions: np.ndarray
    colors: np.ndarray
    harmonics: np.ndarray
    softness: float
    exposure: float


def draw_lights(rng: np.random.Generator, tone: np.ndarray) -> Lights:
    """Draws lights; `tone` is the mean colour of the background, which the surroundings take on."""
    hard = rng.random() < 0.25
    side = rng.uniform(-1.2, 1.2)
    directions = np.array(
        [
            _direction(side, rng.uniform(0.15, 0.95)),
            _direction(-side + rng.normal(0, 0.5), rng.uniform(-0.2, 0.6)),
            _direction(np.pi + rng.uniform(-1.1, 1.1), rng.uniform(0.0, 0.8)),
        ]
    )
    contrast = rng.uniform(0.25, 0.8) if not hard else rng.uniform(0.6, 1.0)
    key = contrast * _temperature(rng, 0.10)
    fill = (1 - contrast) * rng.uniform(0.1, 0.5) * _temperature(rng, 0.1)
    rim = rng.choice([0.0, 0.0, 0.35, 0.9]) * rng.random() * _temperature(rng, 0.22)
    level = (1.05 - contrast) * rng.uniform(0.6, 1.0) + 0.10
    hue = tone / max(float(tone.mean()), 0.02)
    around = level * (0.7 + 0.3 * np.clip(hue, 0.2, 2.5)) * _temperature(rng, 0.05)
    harmonics = np.zeros((9, 3))
    harmonics[0] = around * 0.55
    harmonics += _lobe(np.array([0.0, 1.0, 0.15]), around * rng.uniform(0.2, 0.6))
    for _ in range(3):  # windows, walls, lamps
        where = _direction(rng.uniform(-np.pi, np.pi), rng.uniform(-0.5, 0.8))
        harmonics += _lobe(where, around * _temperature(rng, 0.12) * rng.uniform(0.0, 0.35))
    return Lights(
        directions=directions.astype(np.float32),
        colors=np.array([key, fill, rim], np.float32) * 1.35,
        harmonics=harmonics.astype(np.float32),
        softness=float(rng.uniform(1.5, 3.0) if hard else rng.uniform(3.0, 9.0)),
        exposure=float(np.exp(rng.normal(0.62, 0.22))),
    )


def _direction(yaw: float, pitch: float) -> np.ndarray:
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def _temperature(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A colour from cool to warm, of mean brightness about 1."""
    return np.exp(np.array([1.0, 0.1, -1.1]) * rng.normal(0.05, spread) + rng.normal(0, 0.02, 3))


def _lobe(direction: np.ndarray, color: np.ndarray) -> np.ndarray:
    """A far light in the shaders' coefficients `[9, 3]`; `color` reaches what faces it."""
    x, y, z = direction / np.linalg.norm(direction)
    basis = [1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    return np.outer(_KEPT * _CONSTANTS**2 * basis, color / _PEAK)
