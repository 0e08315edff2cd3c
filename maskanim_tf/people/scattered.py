"""Values between scattered points of a texture that repeats sideways."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_NEIGHBOURS = 7


def fill_texture(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Local planes through the nearest points, at the middles of texels.

    Args:
        places: `[n, 2]` in [0, 1], sideways and upwards.
        values: `[n, channels]`.
        size: of the texture.

    Returns:
        float32 `[size, size, channels]`.
    """
    shifts = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    places = (shifts[:, None] + places).reshape(-1, 2)
    values = np.tile(values, (3, 1))
    middles = (np.arange(size) + 0.5) / size
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
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
    return plane[:, 0].reshape(size, size, -1).astype(np.float32)
