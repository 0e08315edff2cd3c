"""Things that ride on head and chest: hair, collars, glasses, hats."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.skin import Paint

SURFACE, STRANDS, LENS = "surface", "strands", "lens"


@dataclasses.dataclass(frozen=True)
class Piece:
    """Triangles in the shape's rest space.

    Attributes:
        kind: `SURFACE`, `STRANDS` or `LENS`.
        label: what the pixels are called; see the renderer.
        positions, normals: float32 `[n, 3]`.
        uv: float32 `[n, 2]`.
        tint: float32 `[n, 4]`, the last is the share of the head's motion in [0, 1]. Before it: of
            surfaces occlusion, curvature, blood; of strands occlusion, shade, and place along the
            strand.
        triangles: int32 `[t, 3]`.
        paint: textures; of strands only the albedo is used.
        tangents: float32 `[n, 3]` of strands.
        colors: of strands at root and tip, linear.
        shadow: whether it throws one.
        strip: triangles of each strip of strands.
    """

    kind: str
    label: int
    positions: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    tint: np.ndarray
    triangles: np.ndarray
    paint: Paint | None = None
    tangents: np.ndarray | None = None
    colors: tuple[np.ndarray, np.ndarray] | None = None
    shadow: bool = True
    strip: int = 1


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors `[..., 3]`, or `[..., 2]`, brought to length 1; those of no length stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def vertex_normals(positions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals `[n, 3]`, means over the triangles weighted by their areas."""
    corners = positions[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return unit(normals).astype(np.float32)


def grid_triangles(rows: int, columns: int, wrap: bool = False) -> np.ndarray:
    """Triangles of a grid of vertices in row order; `wrap` joins the last column to the first.

    The two triangles of a cell are neighbours in the list: vertices are worked out once.
    """
    number = np.arange(rows * columns).reshape(rows, columns)
    if wrap:
        number = np.concatenate([number, number[:, :1]], axis=1)
    a, b = number[:-1, :-1].ravel(), number[:-1, 1:].ravel()
    c, d = number[1:, :-1].ravel(), number[1:, 1:].ravel()
    return np.stack([a, b, c, c, b, d], axis=1).reshape(-1, 3).astype(np.int32)
