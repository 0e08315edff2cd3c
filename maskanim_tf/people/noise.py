"""Noise for painting: made once from a generator, without stretching anywhere on the skin."""

from __future__ import annotations

import cv2
import numpy as np

_TILE = 256


def noise_tile(rng: np.random.Generator, octaves: int = 4, first: int = 8) -> np.ndarray:
    """Fractal noise that repeats in both directions, float32 `[256, 256]`, mean 0, deviation 1.

    Cells are powers of two: `first` to a side of the coarsest octave, at most 256 of the finest.
    """
    tile = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(octaves):
        cells = first * 2**octave
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        grid = np.pad(grid, 2, mode="wrap")
        step = _TILE // cells
        wide = cv2.resize(grid, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        edge = 2 * step
        tile += wide[edge : edge + _TILE, edge : edge + _TILE] * 0.6**octave
    tile -= tile.mean()
    return tile / tile.std()


def solid_noise(tile: np.ndarray, position: np.ndarray, scale: float, step: int = 1) -> np.ndarray:
    """Noise over points in space: the sum of a tile seen along three axes.

    Args:
        tile: float32 `[256, 256]` that repeats.
        position: float32 `[height, width, 3]`.
        scale: repetitions of the tile per unit of length.
        step: 2 works at half the resolution, for noise without fine detail.

    Returns:
        float32 `[height, width]`, mean about 0, deviation about 1.
    """
    x, y, z = cv2.split(position[::step, ::step] * np.float32(scale * _TILE))
    total = np.zeros(x.shape, np.float32)
    for first, second in ((x, y), (y + 91.0, z + 37.0), (z + 151.0, x + 73.0)):
        total += cv2.remap(tile, first, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    if step > 1:
        total = cv2.resize(total, position.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return total / np.float32(np.sqrt(3.0))


def surface_noise(tile: np.ndarray, surface: np.ndarray, scale: float, step: int = 1) -> np.ndarray:
    """Noise over a surface that is laid out flat: streaks nowhere, and takes one look-up.

    Args:
        tile: float32 `[256, 256]` that repeats.
        surface: float32 `[height, width, 2]`, lengths along and up the surface.
        scale: repetitions of the tile per unit of length.
        step: 2 works at half the resolution, for noise without fine detail.

    Returns:
        float32 `[height, width]`, mean about 0, deviation about 1.
    """
    place = surface[::step, ::step] * np.float32(scale * _TILE)
    noise = cv2.remap(tile, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    if step > 1:
        noise = cv2.resize(noise, surface.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return noise


def smooth_step(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a smooth cubic between; `low` may be the larger one."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
