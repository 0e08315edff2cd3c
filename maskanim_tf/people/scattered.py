"""Values between scattered points of a texture that repeats sideways."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree


def fill_grid(
    places: np.ndarray, values: np.ndarray, columns: np.ndarray, rows: np.ndarray, period: float
) -> np.ndarray:
    """Linear interpolation on a grid; beyond the points the nearest value.

    Args:
        places: `[n, 2]`, sideways and upwards; sideways they repeat after `period`.
        values: `[n, channels]`.
        columns: `[c]`, sideways places of the grid.
        rows: `[r]`, upward places of the grid.
        period: of the repetition.

    Returns:
        float32 `[r, c, channels]`.
    """
    shifts = np.array([[-period, 0.0], [0.0, 0.0], [period, 0.0]])
    places = (shifts[:, None] + places).reshape(-1, 2)
    values = np.tile(values, (3, 1))
    # A frame round everything: looking for triangles outside all of them is very slow.
    low, high = places.min(axis=0) - 0.3 * period, places.max(axis=0) + 0.3 * period
    low = np.minimum(low, [columns.min(), rows.min()]) - 0.01
    high = np.maximum(high, [columns.max(), rows.max()]) + 0.01
    x, y = np.linspace(low[0], high[0], 96), np.linspace(low[1], high[1], 24)
    level = np.stack(np.meshgrid(x, [low[1], high[1]]), -1).reshape(-1, 2)
    upright = np.stack(np.meshgrid([low[0], high[0]], y[1:-1]), -1).reshape(-1, 2)
    frame = np.concatenate([level, upright])
    _, nearest = cKDTree(places).query(frame)
    lookup = LinearNDInterpolator(
        np.concatenate([places, frame]), np.concatenate([values, values[nearest]])
    )
    return lookup(*np.meshgrid(columns, rows)).astype(np.float32)
