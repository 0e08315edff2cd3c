"""Backgrounds: walls, floors and landscapes, with a few objects standing about."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.puppets.palette import muted_color
from maskanim_tf.puppets.props import paint_props

# Chroma is held lower than in clothes, so that the figure stands out.
_STRENGTH = (0.01, 0.085)
_WALLS = ("brick", "plaster", "wallpaper", "tiles", "panels")
_FLOORS = ("planks", "tiles", "carpet")
_KINDS = ("room", "room", "room", "meadow", "street", "studio", "clouds")


def random_background(
    rng: np.random.Generator, side: int, horizon: float, plain: bool = False
) -> np.ndarray:
    """Draws a background.

    Args:
        rng: consumed the same way whatever the size, so that the scene is the same at every
            resolution.
        side: height and width in pixels.
        horizon: where wall and floor (or sky and ground) meet, as a share of the height.
        plain: whether it is a studio without any pattern.

    Returns:
        R'G'B' float32 `[side, side, 3]` in [0, 1].
    """
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    x, y = np.meshgrid(centers, centers)
    kind = "studio" if plain else str(rng.choice(_KINDS))
    if kind == "studio":
        picture = _studio(rng, x, y, horizon)
    elif kind == "clouds":
        picture = _blend(*_pair(rng, (0.5, 0.85), 0.25), _noise(rng, side, 7))
    elif kind == "meadow":
        picture = _ground(_sky(rng, x, y, horizon), _grass(rng, x, y, horizon), y, horizon)
    else:
        wall = "brick" if kind == "street" else str(rng.choice(_WALLS))
        floor = "tiles" if kind == "street" else str(rng.choice(_FLOORS))
        picture = _ground(_wall(rng, wall, x, y), _floor(rng, floor, x, y, horizon), y, horizon)
        if kind == "room":
            picture *= 1.0 - 0.35 * np.exp(-(((y - horizon) / 0.012) ** 2))[..., None]
    if kind not in ("studio", "clouds"):
        paint_props(rng, picture, horizon, outdoors=kind in ("meadow", "street"))
    grain = 1.0 + 0.05 * (_noise(rng, side, 48) - 0.5)
    vignette = 1.0 - 0.18 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.5
    return np.clip(picture * (grain * vignette)[..., None], 0.0, 1.0).astype(np.float32)


def _pair(
    rng: np.random.Generator, luma: tuple[float, float], contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """Two related colours, the second darker by about `contrast`."""
    angle = rng.uniform(0.0, 360.0)
    level = rng.uniform(*luma)
    angles = (angle - 20.0, angle + 20.0)
    first = muted_color(rng, (level, level), angles, _STRENGTH)
    dark = max(level - contrast, 0.05)
    return first, muted_color(rng, (dark, dark), angles, _STRENGTH)


def _blend(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return first + (second - first) * weight[..., None]


def _noise(rng: np.random.Generator, side: int, cells: int) -> np.ndarray:
    """Smooth noise in [0, 1] with `cells` bumps per picture side, plus half as strong detail."""
    total = np.zeros((side, side), np.float32)
    for octave, weight in ((1, 0.67), (2, 0.33)):
        grid = rng.random((cells * octave + 1, cells * octave + 1), np.float32)
        total += weight * cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(total, 0.0, 1.0)


def _ground(above: np.ndarray, below: np.ndarray, y: np.ndarray, horizon: float) -> np.ndarray:
    edge = np.clip((y - horizon) * len(y) + 0.5, 0.0, 1.0)
    return above + (below - above) * edge[..., None]


def _line(value: np.ndarray, width: float) -> np.ndarray:
    """One where the fraction of `value` is within `width` of a whole number, else zero."""
    fraction = value % 1.0
    return (np.minimum(fraction, 1.0 - fraction) < width).astype(np.float32)


def _cell_tone(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A random tone in [0, 1] per unit cell of the (u, v) plane."""
    table = rng.random((64, 64), np.float32)
    return table[np.floor(v).astype(int) % 64, np.floor(u).astype(int) % 64]


def _wall(rng: np.random.Generator, kind: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    first, second = _pair(rng, (0.48, 0.86), 0.16)
    if kind == "plaster":
        return _blend(first, second, 0.7 * _noise(rng, len(x), 9))
    if kind == "wallpaper":
        return _blend(first, second, ((x * rng.uniform(6.0, 12.0)) % 1.0 < 0.5).astype(np.float32))
    if kind == "panels":
        u = x * rng.uniform(5.0, 8.0)
        tone = _cell_tone(rng, u, np.zeros_like(u)) * 0.6 + 0.4 * _noise(rng, len(x), 11)
        return _blend(first, second, tone) * (1.0 - 0.35 * _line(u, 0.035))[..., None]
    rows = rng.uniform(12.0, 17.0) if kind == "brick" else rng.uniform(7.0, 10.0)
    v = y * rows
    u = x * rows * (0.42 if kind == "brick" else 1.0)
    if kind == "brick":
        u = u + 0.5 * (np.floor(v) % 2.0)
    seam = np.maximum(
        _line(u, 0.03 if kind == "brick" else 0.035), _line(v, 0.07 if kind == "brick" else 0.035)
    )
    mortar = muted_color(rng, (0.5, 0.75), strength=(0.0, 0.03))
    return _blend(_blend(first, second, _cell_tone(rng, u, v)), mortar, seam)


def _floor(
    rng: np.random.Generator, kind: str, x: np.ndarray, y: np.ndarray, horizon: float
) -> np.ndarray:
    wooden = (110.0, 150.0) if kind == "planks" else (0.0, 360.0)
    level = rng.uniform(0.36, 0.68)
    first = muted_color(rng, (level, level), wooden, (0.03, 0.09))
    second = muted_color(rng, (level - 0.12, level - 0.12), wooden, (0.03, 0.09))
    # Perspective: equal steps on the floor shrink towards a vanishing point above the wall's foot.
    depth = 1.0 / (np.maximum(y - horizon, 0.0) + 0.22)
    u, v = (x - 0.5) * depth * rng.uniform(1.6, 2.4) + 32.0, depth * rng.uniform(2.0, 3.0)
    if kind == "carpet":
        return _blend(first, second, _noise(rng, len(x), 24))
    if kind == "tiles":
        checker = ((np.floor(u) + np.floor(v)) % 2.0).astype(np.float32)
        return _blend(first, second, checker)
    tone = _cell_tone(rng, u * 1.6, np.zeros_like(u)) * 0.7 + 0.3 * _noise(rng, len(x), 13)
    return _blend(first, second, tone) * (1.0 - 0.4 * _line(u * 1.6, 0.04))[..., None]


def _sky(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, horizon: float) -> np.ndarray:
    top = muted_color(rng, (0.5, 0.68), (325.0, 345.0), (0.05, 0.1))
    low = muted_color(rng, (0.8, 0.9), (325.0, 345.0), (0.01, 0.04))
    sky = _blend(top, low, np.clip(y / horizon, 0.0, 1.0))
    clouds = np.clip(2.5 * (_noise(rng, len(x), 4) - 0.5), 0.0, 1.0)
    sky = _blend(sky, np.array([0.93, 0.93, 0.93], np.float32), clouds)
    for height in (0.14, 0.07):
        ridge = sum(np.sin(x * rng.uniform(4.0, 14.0) + rng.uniform(0.0, 6.3)) for _ in range(3))
        hill = muted_color(rng, (0.4, 0.58), (200.0, 290.0), (0.03, 0.07))
        inside = np.clip((y - horizon + height * (1.0 + 0.25 * ridge)) * len(x), 0.0, 1.0)
        sky = _blend(sky, hill, inside)
    return sky


def _grass(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, horizon: float) -> np.ndarray:
    level = rng.uniform(0.4, 0.55)
    light = muted_color(rng, (level, level), (205.0, 218.0), (0.07, 0.1))
    dark = muted_color(rng, (level - 0.15, level - 0.15), (205.0, 225.0), (0.05, 0.09))
    return _blend(light, dark, 0.6 * _noise(rng, len(x), 40) + 0.4 * _noise(rng, len(x), 6))


def _studio(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, horizon: float) -> np.ndarray:
    first, second = _pair(rng, (0.5, 0.85), 0.35)
    distance = np.hypot(x - rng.uniform(0.3, 0.7), y - rng.uniform(0.2, 0.5))
    floor = 0.15 / (1.0 + np.exp((horizon - y) * 40.0))
    return _blend(first, second, np.clip(distance * 1.2 + floor, 0.0, 1.0))
