"""Values between scattered points of a texture that repeats sideways."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_NEIGHBOURS = 7


def fill_grid(
    places: np.ndarray, values: np.ndarray, columns: np.ndarray, rows: np.ndarray, period: float
) -> np.ndarray:
    """Local planes through the nearest points, evaluated on a grid.

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
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    distance, near = cKDTree(places).query(grid, k=_NEIGHBOURS)
    offset = places[near] - grid[:, None]
    reach = distance[:, -1:] + 1e-9
    weight = np.clip(1.0 - distance / reach, 0.0, 1.0) ** 2 + 1e-3 / (1.0 + (distance / reach) ** 2)
    # A plane through the neighbours, by weighted least squares: its height at the grid's point.
    basis = np.concatenate([np.ones((*offset.shape[:2], 1)), offset / reach[..., None]], axis=2)
    normal = np.einsum("nka,nk,nkb->nab", basis, weight, basis)
    normal[:, [1, 2], [1, 2]] += 0.02 * weight.sum(axis=1)[:, None]
    right = np.einsum("nka,nk,nkc->nac", basis, weight, values[near])
    plane = np.linalg.solve(normal, right)
    return plane[:, 0].reshape(len(rows), len(columns), -1).astype(np.float32)
