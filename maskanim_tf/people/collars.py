"""Collars: what the edge of a shirt ends in."""

from __future__ import annotations

import functools

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import gaussian_filter1d

from maskanim_tf.people.body import Body, load_body
from maskanim_tf.people.clothes import CLOTH_HEIGHT, Cloth, load_cloth_map
from maskanim_tf.people.labels import CLOTHES
from maskanim_tf.people.pieces import Piece, grid_triangles
from maskanim_tf.people.scattered import fill_grid
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import Paint
from maskanim_tf.people.solids import plain_paint, surface, transfer, tube

_AXIS_Z, _POINTS = 0.25, 96


class NeckSurface:
    """The base shape round neck and shoulders as a distance from an upright axis."""

    _TURNS, _HEIGHTS = np.linspace(-np.pi, np.pi, 97), np.linspace(4.4, 6.3, 96)

    def __init__(self, body: Body) -> None:
        places, reach = _cylinder(body.rest[load_cloth_map().vertices])
        values = fill_grid(places, reach[:, None], self._TURNS, self._HEIGHTS, 2 * np.pi)[..., 0].T
        self._reach = RegularGridInterpolator(
            (self._TURNS, self._HEIGHTS), values, bounds_error=False, fill_value=None
        )

    def points(self, turn: np.ndarray, height: np.ndarray, above: np.ndarray | float) -> np.ndarray:
        """Points `[n, 3]` at angles and heights, `above` the surface."""
        wrapped = (turn + np.pi) % (2 * np.pi) - np.pi
        reach = self._reach(np.stack([wrapped, height], axis=1)) + above
        return np.stack([reach * np.sin(turn), height, _AXIS_Z + reach * np.cos(turn)], axis=1)


@functools.lru_cache(maxsize=1)
def load_neck_surface() -> NeckSurface:
    """The surface, made once in each process."""
    return NeckSurface(load_body())


def make_collar(body: Body, shape: Shape, cloth: Cloth, rng: np.random.Generator) -> list[Piece]:
    """The collar that belongs to a shirt."""
    line = cloth.neckline
    color = cloth.colors[0] if rng.random() < 0.7 else cloth.colors[1]
    paint = plain_paint(color * rng.uniform(0.8, 1.05), 0.08)
    neck = load_neck_surface()
    if line.cut == "shirt":
        return _folded(body, shape, neck, cloth, paint, rng)
    if line.cut == "turtle":
        turn = np.linspace(-np.pi, np.pi, _POINTS, endpoint=False)
        heights = line.height(turn)
        rows = [(0.0, 0.10), (0.10, 0.13), (0.20, 0.12), (0.30, 0.08), (0.34, 0.03)]
        layers = [neck.points(turn, heights - 0.12 + up, out) for up, out in rows]
        points = transfer(body, shape, np.concatenate(layers))
        return [_sheet(points, len(rows), paint, wrap=True)]
    if line.cut == "hood":
        thick = rng.uniform(0.13, 0.2)
        path, outward = _hem(body, shape, cloth, -0.3 * thick)
        points, triangles = tube(path + outward * 0.4 * thick, thick, 8, True, outward)
        return [surface(points, triangles, paint, CLOTHES, _share(points), occlusion=0.85)]
    width = rng.uniform(0.07, 0.16)
    rows = [(0.03, -0.05), (0.025, 0.01), (0.0, 0.03), (-width, 0.03), (-width - 0.02, -0.03)]
    # On the shoulders, which are level, the texture is stretched.
    inner, outer = (_hem(body, shape, cloth, up)[0] for up in (0.0, -0.1))
    stretch = np.linalg.norm(inner - outer, axis=1) / 0.1
    layers = []
    for up, out in rows:
        path, outward = _hem(body, shape, cloth, up / stretch)
        layers.append(path + outward * out)
    return [_sheet(np.concatenate(layers), len(rows), paint, wrap=True)]


def _hem(
    body: Body, shape: Shape, cloth: Cloth, up: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Points along the edge of the cloth, `up` decimetres beyond it, and normals `[_POINTS, 3]`."""
    cloth_map = load_cloth_map(len(cloth.edge))
    u = (np.arange(_POINTS) + 0.5) / _POINTS
    v = np.interp(u, (np.arange(len(cloth.edge)) + 0.5) / len(cloth.edge), cloth.edge)
    corners, shares = cloth_map.locate(np.stack([u, v + up / CLOTH_HEIGHT], axis=1))
    vertices = cloth_map.vertices[corners]
    normals = body.normals(shape.positions)
    outside = shape.positions + normals * cloth.thickness[:, None]
    path, outward = (
        gaussian_filter1d((each[vertices] * shares[..., None]).sum(axis=1), 1.0, 0, mode="wrap")
        for each in (outside, normals)
    )
    return path, outward / np.linalg.norm(outward, axis=1, keepdims=True)


def _folded(
    body: Body,
    shape: Shape,
    neck: NeckSurface,
    cloth: Cloth,
    paint: Paint,
    rng: np.random.Generator,
) -> list[Piece]:
    """A stand round the neck with flaps that fold over it and end in two points."""
    gap, tip = rng.uniform(0.10, 0.40), rng.uniform(0.28, 0.45)
    turn = np.concatenate(
        [np.linspace(gap, np.pi, 30), np.linspace(np.pi, 2 * np.pi - gap, 30)[1:]]
    )
    angle = np.where(turn > np.pi, turn - 2 * np.pi, turn)
    front = (0.5 + 0.5 * np.cos(angle)) ** 2
    top = 6.10 - 0.20 * front
    drop = 0.20 + (tip - 0.20) * front**3
    rows = ((-0.16, 0.05), (0.0, 0.06), (0.02, 0.09), (-0.3, 0.12), (-0.65, 0.14), (-1.0, 0.13))
    layers = []
    for share, out in rows:
        down = share * drop if share < -0.2 else share
        # The points lean away from each other.
        lean = np.sign(angle) * (0.16 * front**3 * max(0.0, -share) if share < -0.2 else 0.0)
        layers.append(neck.points(angle + lean, top + down, out))
    points = transfer(body, shape, np.concatenate(layers))
    return [_sheet(points, len(rows), paint, wrap=False)]


def _sheet(points: np.ndarray, rows: int, paint: Paint, wrap: bool) -> Piece:
    triangles = grid_triangles(rows, len(points) // rows, wrap)
    return surface(points, triangles, paint, CLOTHES, _share(points), occlusion=0.9)


def _share(points: np.ndarray) -> np.ndarray:
    """The neck carries what is high up round it."""
    return np.clip((points[:, 1] - 5.85) / 1.2, 0.0, 0.6)


def _cylinder(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, z = points[:, 0], points[:, 2] - _AXIS_Z
    return np.column_stack([np.arctan2(x, z), points[:, 1]]), np.hypot(x, z)
