"""Texture coordinates of the skin, and what lies at each texel.

The head and neck are unrolled onto a cylinder round a vertical axis through the skull; above the
brows the height gives way to the elevation, so that the crown is not a single row. The face gets
more texels than the back. Painting then happens in the coordinates of the base shape, which are the
same for everybody: a brow painted there moves with the brow of each person.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from scipy.spatial import cKDTree

from maskanim_tf.people.body import Body, load_body

TEXTURE_SIZE = 768
_SMALL_PICTURE = 128
_AXIS_Z = 0.45
_BROW_Y, _NECK_Y, _BOTTOM_Y = 7.2, 5.9, 4.4
_ELEVATION_RADIUS, _CHEST_SHARE, _FRONT_GAIN = 1.1, 0.4, 0.75
_COARSE = 256
_NEIGHBOURS = 7


def texture_size(picture: int) -> int:
    """Size of the skin's textures for pictures of a size: smaller ones show no more detail."""
    return TEXTURE_SIZE if picture > _SMALL_PICTURE else TEXTURE_SIZE // 2


def texture_coordinates(points: np.ndarray) -> np.ndarray:
    """`[n, 2]` in [0, 1] for points `[n, 3]` of the base shape; u runs round, v upwards."""
    x, y, z = points[:, 0], points[:, 1], points[:, 2] - _AXIS_Z
    turn = np.arctan2(x, z) / np.pi
    u = 0.5 + 0.5 * (turn + _FRONT_GAIN / np.pi * np.sin(np.pi * turn))
    elevation = np.arctan2(y - _BROW_Y, np.hypot(x, z))
    height = np.where(y > _BROW_Y, _BROW_Y + _ELEVATION_RADIUS * elevation, y)
    height = np.where(height < _NECK_Y, _NECK_Y + (height - _NECK_Y) * _CHEST_SHARE, height)
    bottom = _NECK_Y + (_BOTTOM_Y - _NECK_Y) * _CHEST_SHARE
    top = _BROW_Y + _ELEVATION_RADIUS * np.pi / 2
    return np.stack([u, (height - bottom) / (top - bottom)], axis=1).astype(np.float32)


class SkinMap:
    """The unrolled skin.

    Attributes:
        vertices: int32 `[n]`, the body's vertex behind each drawn one: vertices on the seam at the
            back of the head are doubled.
        uv: float32 `[n, 2]` of the drawn vertices; u may exceed 1, textures repeat sideways.
        triangles: int32 `[t, 3]` over the drawn vertices, without the inside of the mouth and what
            every shirt covers.
        mouth_triangles: int32 `[t, 3]`, the inside of the mouth.
        position: float32 `[size, size, 3]`, base shape at each texel, row 0 at the bottom.
        size: height and width of textures, in texels.
        surface: float32 `[size, size, 2]`, lengths round the head and up it, for noise.
        lips: float32 `[size, size]` in [0, 1].
    """

    def __init__(self, body: Body, size: int = TEXTURE_SIZE) -> None:
        self.size = size
        skin = body.parts["skin"]
        inner = body.inner_mouth[skin].all(axis=1)
        uv = texture_coordinates(body.rest)
        ears = (body.ear[skin] > 0.5).all(axis=1)
        self.vertices, self.uv, triangles = split_seam(uv, skin)
        self._move_ears(body, triangles, ears)
        covered = _always_covered(body.rest)[skin].all(axis=1)
        self.triangles = triangles[~inner & ~covered]
        self.mouth_triangles = triangles[inner & ~ears]
        self._sample(body, uv)

    def _move_ears(self, body: Body, triangles: np.ndarray, ears: np.ndarray) -> None:
        """Lets the ears, which would lie on the hair behind them, share the skin of the cheeks."""
        used, number = np.unique(triangles[ears], return_inverse=True)
        points = body.rest[self.vertices[used]]
        middle = np.float32([0.8, 7.1, 0.5])
        offset = (points * np.sign(points[:, :1]) ** [1, 0, 0] - middle) * 0.2
        patch = (np.float32([0.50, 7.03, 1.15]) + offset) * np.sign(points[:, :1]) ** [1, 0, 0]
        triangles[ears] = len(self.vertices) + number.reshape(-1, 3)
        self.vertices = np.concatenate([self.vertices, self.vertices[used]])
        self.uv = np.concatenate([self.uv, texture_coordinates(patch.astype(np.float32))])

    def _sample(self, body: Body, uv: np.ndarray) -> None:
        normals = body.normals(body.rest)
        outward = body.rest - np.float32([0.0, 7.0, _AXIS_Z])
        outward[:, 1] *= body.rest[:, 1] > 7.6
        outer = np.zeros(len(uv), bool)
        outer[body.skin_vertices] = True
        outer &= (normals * outward).sum(axis=1) > 0.02
        outer &= (body.ear < 0.3) & ~body.inner_mouth & (body.rest[:, 1] > _BOTTOM_Y - 0.4)
        values = np.column_stack([body.rest, body.lips])[outer]
        sampled = fill_texture(uv[outer], values, _COARSE)
        # Lids fold behind each other: the median keeps the surface that most texels agree on.
        channels = [cv2.medianBlur(each, 5) for each in cv2.split(sampled)]
        sampled = np.stack(channels, axis=2)
        fine = cv2.resize(sampled, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
        self.position = np.ascontiguousarray(fine[:, :, :3])
        self.lips = fine[:, :, 3].copy()
        x, y, z = cv2.split(self.position - np.float32([0.0, 0.0, _AXIS_Z]))
        # The crown and the skin below the chin are level: there the distance from the axis counts.
        self.surface = cv2.merge([0.95 * np.arctan2(x, z), y - 0.5 * np.hypot(x, z)])


def _always_covered(points: np.ndarray) -> np.ndarray:
    """Which points `[n, 3]` of the base shape lie under any shirt, whatever its neckline."""
    y, away = points[:, 1], np.hypot(points[:, 0], points[:, 2] - 0.25)
    return (y < 4.7) | ((y < 5.95) & (away > 1.2))


def split_seam(uv: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, ...]:
    """Doubles the vertices of triangles that cross the seam: numbers, uv and triangles."""
    used, compact = np.unique(triangles, return_inverse=True)
    compact = compact.reshape(triangles.shape)
    places = uv[used]
    crossing = np.ptp(places[compact, 0], axis=1) > 0.5
    moved = crossing[:, None] & (places[compact, 0] < 0.5)
    doubled, number = np.unique(compact[moved], return_inverse=True)
    compact = compact.copy()
    compact[moved] = len(used) + number
    vertices = np.concatenate([used, used[doubled]]).astype(np.int32)
    all_uv = np.concatenate([places, places[doubled] + np.float32([1.0, 0.0])])
    return vertices, all_uv.astype(np.float32), compact.astype(np.int32)


def fill_texture(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Values between scattered points of a texture that repeats sideways.

    At the middle of each texel that of a plane through the nearest points.

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


@functools.lru_cache(maxsize=2)
def load_skin_map(size: int = TEXTURE_SIZE) -> SkinMap:
    """The map of the body's skin for textures of a size, made once in each process."""
    return SkinMap(load_body(), size)
