"""Collars: what the edge of a shirt ends in."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from maskanim_tf.people.body import Body
from maskanim_tf.people.clothes import CLOTH_HEIGHT, Cloth, load_cloth_map
from maskanim_tf.people.labels import CLOTHES
from maskanim_tf.people.pieces import Piece, unit
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import Paint
from maskanim_tf.people.solids import plain_paint, sheet, surface, tube

_ROUND = np.linspace(-np.pi, np.pi, 96, endpoint=False)
_UP = np.array([0.0, 1.0, 0.0])


class Hem:
    """Lines along the edge of the cloth that a person wears."""

    def __init__(self, body: Body, shape: Shape, cloth: Cloth) -> None:
        self._map, self._edge = load_cloth_map(len(cloth.edge)), cloth.edge
        self._normals = body.normals(shape.positions)
        self._outside = shape.positions + self._normals * cloth.thickness[:, None]

    def line(self, turn: np.ndarray, up: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Points on the cloth and normals, both `[n, 3]`.

        Args:
            turn: `[n]`, angles round the neck in radians, 0 in front; `_ROUND`, or an open line.
            up: how far beyond the edge, in decimetres along the cloth.
        """
        # On the shoulders, which are level, the texture is stretched.
        stretch = np.linalg.norm(self._at(turn, 0.0)[0] - self._at(turn, -0.1)[0], axis=1) / 0.1
        return self._at(turn, up / np.clip(stretch, 0.8, 3.0))

    def _at(self, turn: np.ndarray, up: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        size = len(self._edge)
        u = (0.5 + turn / (2 * np.pi)) % 1.0
        v = np.interp(u, (np.arange(size) + 0.5) / size, self._edge, period=1.0)
        corners, shares = self._map.locate(np.stack([u, v + up / CLOTH_HEIGHT], axis=1))
        vertices = self._map.vertices[corners]
        path, outward = (
            gaussian_filter1d(
                (each[vertices] * shares[..., None]).sum(axis=1),
                *(1.0, 0),
                mode="wrap" if turn is _ROUND else "nearest",
            )
            for each in (self._outside, self._normals)
        )
        return path, unit(outward)


def make_collar(body: Body, shape: Shape, cloth: Cloth, rng: np.random.Generator) -> list[Piece]:
    """The collar that belongs to a shirt."""
    color = cloth.colors[0] if rng.random() < 0.7 else cloth.colors[1]
    paint = plain_paint(color * rng.uniform(0.8, 1.05), 0.08)
    hem, cut = Hem(body, shape, cloth), cloth.neckline.cut
    if cut == "shirt":
        return [_folded(hem, paint, rng)]
    if cut == "turtle":
        base, _ = hem.line(_ROUND, -0.03)
        radial = _radial(_ROUND)
        rows = [(-0.04, -0.02), (0.06, 0.03), (0.16, 0.04), (0.26, 0.02), (0.29, -0.04)]
        return [_sheet([base + _UP * up + radial * out for up, out in rows], paint)]
    if cut == "hood":
        thick = rng.uniform(0.13, 0.2)
        path, outward = hem.line(_ROUND, -0.3 * thick)
        points, triangles = tube(path + outward * 0.4 * thick, thick, 8, True, outward)
        return [surface(points, triangles, paint, CLOTHES, _share(points), occlusion=0.85)]
    width = rng.uniform(0.07, 0.16)
    rows = [(0.03, -0.05), (0.025, 0.01), (0.0, 0.03), (-width, 0.03), (-width - 0.02, -0.03)]
    layers = []
    for up, out in rows:
        path, outward = hem.line(_ROUND, up)
        layers.append(path + outward * out)
    return [_sheet(layers, paint)]


def _folded(hem: Hem, paint: Paint, rng: np.random.Generator) -> Piece:
    """A stand round the neck with flaps that fold over it and end in two points."""
    gap, tip = rng.uniform(0.10, 0.40), rng.uniform(0.36, 0.55)
    turn = np.linspace(gap, 2 * np.pi - gap, 73)
    front = (0.5 + 0.5 * np.cos(turn)) ** 2
    base, outward = hem.line(turn, -0.02)
    top = base + _UP * (0.20 - 0.08 * front)[:, None] - 0.03 * _radial(turn)
    # The points lean away from each other.
    lean = np.where(turn < np.pi, 0.2, -0.2) * front**3
    low, beneath = hem.line(turn + lean, -(0.24 + (tip - 0.24) * front**3))
    fold = top + 0.05 * _radial(turn)
    return _sheet(
        [
            base - 0.03 * outward,
            top,
            0.5 * (top + fold) + 0.015 * _UP,
            fold,
            0.5 * (fold + low) + 0.05 * _radial(turn) + 0.02 * beneath,
            low + 0.04 * beneath,
        ],
        paint,
        wrap=False,
    )


def _radial(turn: np.ndarray) -> np.ndarray:
    """Level directions `[n, 3]` away from the neck."""
    return np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], axis=1)


def _sheet(rows: list[np.ndarray], paint: Paint, wrap: bool = True) -> Piece:
    return sheet(rows, paint, CLOTHES, _share(np.concatenate(rows)), wrap=wrap)


def _share(points: np.ndarray) -> np.ndarray:
    """The neck carries what is high up round it."""
    return np.clip((points[:, 1] - 5.85) / 1.2, 0.0, 0.6)
