"""Simple surfaces for worn things: tubes, sheets, plain paint, and the hull of a head."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.pieces import SURFACE, Piece, grid_triangles, unit, vertex_normals
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import Paint


def plain_paint(color: np.ndarray, gloss: float) -> Paint:
    """Textures of one colour (linear) and gloss."""
    albedo, relief = np.full((4, 4, 4), 255, np.uint8), np.full((4, 4, 4), 128, np.uint8)
    albedo[..., :3] = np.sqrt(np.clip(color, 0, 1)) * 255
    relief[..., 2] = np.uint8(np.clip(gloss, 0, 1) * 255)
    return Paint(albedo, relief)


def tube(
    path: np.ndarray,
    radius: np.ndarray | float,
    sides: int = 6,
    closed: bool = False,
    outward: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """A tube along a path `[n, 3]`: positions `[n * sides, 3]` and triangles.

    Args:
        path: middle of the tube.
        radius: `[n]` or one number.
        sides: of the cross-section.
        closed: whether the ends meet.
        outward: `[n, 3]`, directions across the path that keep the cross-section from turning; by
            default the path must not run along z.
    """
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    ahead = unit(ahead)
    first = unit(np.cross(ahead, [0.02, 0.05, 1.0] if outward is None else outward))
    second = np.cross(ahead, first)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    ring = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    thick = np.broadcast_to(radius, len(path))[:, None, None]
    points = path[:, None] + thick * ring
    if closed:
        points = np.concatenate([points, points[:1]])
    return points.reshape(-1, 3), grid_triangles(len(points), sides, wrap=True)


def surface(
    positions: np.ndarray,
    triangles: np.ndarray,
    paint: Paint | None,
    label: int,
    head_share: np.ndarray | float,
    uv: np.ndarray | None = None,
    occlusion: np.ndarray | float = 0.9,
) -> Piece:
    """A piece of these triangles; without `uv` the texture is a single point."""
    count = len(positions)
    tint = np.zeros((count, 4), np.float32)
    tint[:, 0], tint[:, 3] = occlusion, head_share
    positions = positions.astype(np.float32)
    return Piece(
        kind=SURFACE,
        label=label,
        positions=positions,
        normals=vertex_normals(positions, triangles),
        uv=np.full((count, 2), 0.5, np.float32) if uv is None else uv.astype(np.float32),
        tint=tint,
        triangles=triangles,
        paint=paint,
    )


def sheet(
    rows: list[np.ndarray],
    paint: Paint,
    label: int,
    head_share: np.ndarray | float,
    *,
    wrap: bool = True,
    repeats: int | None = None,
    occlusion: float = 0.9,
) -> Piece:
    """A piece between rows of points `[n, 3]`.

    Args:
        rows: from one edge to the other.
        paint: of the piece; see `repeats`.
        label: of the piece.
        head_share: `[rows * n]` or one number.
        wrap: whether the ends of each row meet.
        repeats: how often the texture repeats along a row; by default it is a single point.
        occlusion: of the piece.
    """
    count, uv = len(rows[0]), None
    if repeats is not None:
        along = np.linspace(0, repeats, count)
        uv = np.stack(np.broadcast_arrays(along, np.linspace(0, 1, len(rows))[:, None]), 2)
        uv = uv.reshape(-1, 2)
    triangles = grid_triangles(len(rows), count, wrap)
    return surface(np.concatenate(rows), triangles, paint, label, head_share, uv, occlusion)


def joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Several meshes as one."""
    positions, triangles, start = [], [], 0
    for points, corners in parts:
        positions.append(points)
        triangles.append(corners + start)
        start += len(points)
    return np.concatenate(positions), np.concatenate(triangles).astype(np.int32)


class Hull:
    """The smooth outside of a person's head: how far it reaches in each direction.

    Attributes:
        center: float64 `[3]`, in the rest space of the shape.
    """

    def __init__(self, body: Body, shape: Shape, lowest: float = 6.2) -> None:
        keep = body.skin_vertices[body.rest[body.skin_vertices, 1] > lowest]
        points = shape.positions[keep].astype(float)
        top, low = points[:, 1].max(), body.rest[body.nearest((0.8, 7.1, 0.5)), 1]
        self.center = np.array([0.0, 0.5 * (top + low) - 0.1, 0.45])
        offset = points - self.center
        self._reach = np.linalg.norm(offset, axis=1)
        self._ways = offset / self._reach[:, None]

    def radius(self, ways: np.ndarray, spread: float = 0.30) -> np.ndarray:
        """Reach `[n]` along unit vectors `[n, 3]`, over vertices within `spread` radians."""
        facing = ways @ self._ways.T
        weight = np.clip((facing - np.cos(spread)) / (1 - np.cos(spread)), 0, 1)
        reach = np.where(weight > 0, self._reach * facing, 0.0)
        high = reach.max(axis=1, keepdims=True)
        weight = weight * np.exp(10.0 * (reach - high))
        return (reach * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
