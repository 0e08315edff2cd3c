"""Grows strands from the scalp: along the head, round the face, down to the shoulders."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from maskanim_tf.people.body import Body
from maskanim_tf.people.hair_styles import Style
from maskanim_tf.people.pieces import unit
from maskanim_tf.people.shape import Shape

_DOWN = np.array([0.0, -1.0, 0.0])
# Half width of the face over height, in the base shape: hair beside it stays outside.
_FACE = (6.0, 6.3, 6.6, 6.9, 7.2, 7.5, 7.8), (0.42, 0.52, 0.60, 0.66, 0.68, 0.66, 0.0)

# A strand whose neighbours are so many times as far as others' are is alone.
_LONELY = 2.0
# Cosine of the angle from which on a bend is a kink.
_KINK = 0.2


class Skin:
    """A person's skin as an obstacle.

    Attributes:
        positions, normals, rest: `[vertices, 3]` of the skin; the last in the base shape.
    """

    def __init__(self, body: Body, shape: Shape) -> None:
        keep = body.skin_vertices[~body.inner_mouth[body.skin_vertices]]
        self.body, self.shape = body, shape
        self.all_normals = body.normals(shape.positions)
        self.positions, self.normals = shape.positions[keep], self.all_normals[keep]
        self.rest = body.rest[keep]
        self._tree = cKDTree(self.positions)

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Heights `[...]` of points above the skin and its normals `[..., 3]` there."""
        flat = points.reshape(-1, 3)
        _, index = self._tree.query(flat, k=3)
        normals = unit(self.normals[index].mean(axis=1))
        height = ((flat[:, None] - self.positions[index]) * self.normals[index]).sum(2).mean(1)
        return height.reshape(points.shape[:-1]), normals.reshape(points.shape)

    def roots(
        self, weights: np.ndarray, count: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, ...]:
        """Random places on the skin: positions, places in the base shape, normals, all `[n, 3]`.

        Args:
            weights: `[all vertices]`, how densely hair grows.
            count: of roots.
            rng: random numbers.
        """
        triangles = self.body.parts["skin"]
        positions, rest = self.shape.positions, self.body.rest
        a, b, c = (positions[triangles[:, corner]] for corner in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * weights[triangles].min(axis=1)
        # Evenly spread along the list of triangles, which neighbours share.
        places = (np.arange(count) + rng.random(count)) / count
        chosen = triangles[np.searchsorted(np.cumsum(area) / area.sum(), places)]
        u = rng.random((count, 2))
        u = np.where(u.sum(axis=1, keepdims=True) > 1, 1 - u, u)
        share = np.column_stack([1 - u.sum(axis=1), u])[:, :, None]
        normals = unit((self.all_normals[chosen] * share).sum(axis=1))
        return (positions[chosen] * share).sum(1), (rest[chosen] * share).sum(1), normals


def grow(
    skin: Skin, style: Style, weights: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Strands of a style.

    Args:
        skin: what they grow on.
        style: how.
        weights: `[all vertices]`, how densely hair grows.
        rng: random numbers.

    Returns:
        Points `[strands, steps + 1, 3]`, and in which layer each strand lies, `[strands]` from 0 at
        the skin to 1 outside.
    """
    root, rest, normal = skin.roots(weights, style.cards, rng)
    count, steps = style.cards, style.steps
    length = rng.uniform(*style.length) * rng.uniform(0.8, 1.05, count)
    lower = np.clip((7.7 - rest[:, 1]) / 0.8, 0.0, 1.0)
    length *= 1.0 + (style.sides - 1.0) * lower
    front = np.clip((rest[:, 2] - 0.85) / 0.3, 0.0, 1.0)
    if style.comb == "tie":
        tie = _tie_point(skin, style, rng)
        length = np.linalg.norm(root - tie, axis=1) * 1.25
    layer = np.sqrt(rng.random(count))
    height = 0.012 + rng.uniform(*style.volume) * layer
    comb = _comb(style, rest, normal, rng)
    falls = (front > 0.3) & style.fringe
    if style.fringe:
        brow = rng.uniform(0.36, 0.52)
        length = np.where(falls, brow * rng.uniform(0.9, 1.15, count), length)
        comb = np.where(falls[:, None], [0.0, -0.35, 1.0] + 0.5 * rest * [1.0, 0.0, 0.0], comb)
    step = (length / steps)[:, None]
    goes_back = np.where(rest[:, 2] < rng.uniform(0.45, 0.9), -1.0, 0.6)[:, None]
    curtain = rng.uniform(0.85, 1.12)
    direction = normal * 0.5 + comb
    points, place = [root], root.copy()
    for number in range(steps):
        t = (number + 1) / steps
        sinking = style.gravity * (0.35 + 1.3 * t)
        direction = direction * 0.62 + comb * 0.35 * (1.0 - t) ** 2 + _DOWN * sinking
        if style.comb == "tie":
            way = tie - place
            direction = (
                direction * 0.4 + way / np.maximum(np.linalg.norm(way, axis=1), 0.1)[:, None]
            )
        if style.comb == "out":
            direction += rng.normal(0, style.jitter, (count, 3)) + normal * 0.25 * (1.0 - t)
        # Below the ears hair hangs behind or before the shoulders, and does not spread.
        free = np.clip((7.0 - place[:, 1:2]) / 0.5, 0.0, 1.0) * (style.comb in ("part", "side"))
        spread = np.maximum(np.abs(place[:, :1]) - 0.62, 0.0) * np.sign(place[:, :1])
        direction = direction + free * (goes_back * [0.0, 0.0, 0.10] - spread * [0.8, 0.0, 0.0])
        above, around = skin.nearest(place)
        inwards = np.minimum((direction * around).sum(axis=1), 0.0) * (above < 0.5)
        direction = unit(direction - around * inwards[:, None])
        place = place + direction * step
        above, around = skin.nearest(place)
        wanted = height * min(1.0, 2.5 * t) + 0.015
        place = place + around * np.clip(wanted - above, 0.0, 0.5)[:, None]
        if style.comb in ("part", "side"):  # shoulders do not carry it far to the sides
            beyond = np.maximum(np.abs(place[:, 0]) - 0.95, 0.0) * (place[:, 1] < 7.0)
            place[:, 0] -= np.sign(place[:, 0]) * 0.6 * beyond
        if style.cling:  # hair lies on the skull instead of standing off it
            over = np.clip(above - wanted, 0.0, 0.4) * (above < 0.45) * (place[:, 1] > 6.9)
            place = place - around * (over * style.cling)[:, None]
        if style.comb in ("part", "out") or style.fringe:
            place = _clear_face(skin, place, falls, curtain)
        points.append(place)
    strands = np.stack(points, axis=1)
    strands = _clump(strands, root, style, rng)
    together = _together(strands) | (style.comb in ("out", "tie"))
    strands = _wave(strands, length, style, rng)
    inner = (strands[:, 2:] + strands[:, :-2]) / 2
    strands[:, 1:-1] = 0.5 * strands[:, 1:-1] + 0.5 * inner
    return strands[together], layer[together]


def _tie_point(skin: Skin, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Where hair is gathered, at the back of the head."""
    height = rng.uniform(6.95, 7.9) if style.gather != "braids" else 7.0
    back = skin.rest[:, 2] + 3.0 * np.abs(skin.rest[:, 1] - height) + np.abs(skin.rest[:, 0])
    return skin.positions[np.argmin(back)] + [0.0, 0.0, -0.05]


def _comb(
    style: Style, rest: np.ndarray, normal: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Directions `[roots, 3]` in which hair is combed."""
    count = len(rest)
    parting = rng.uniform(-0.35, 0.35) if style.comb == "part" else rng.choice([-0.42, 0.42])
    side = np.where(rest[:, :1] > parting, 1.0, -1.0)
    front = np.clip((rest[:, 2:] - 0.2) / 0.8, 0.0, 1.0)
    if style.comb == "part":
        comb = side * [1.0, 0.0, 0.0] * (0.5 + 0.5 * front) + [0.0, -0.25, -0.30]
    elif style.comb == "side":
        comb = side * [1.0, 0.0, 0.0] * 0.8 + front * [0.0, 0.35, 0.15] + [0.0, -0.15, -0.1]
    elif style.comb == "back":
        comb = side * [0.12, 0.0, 0.0] + [0.0, 0.02, -1.0] + front * [0.0, 0.35, 0.0]
    elif style.comb == "up":
        comb = front * [0.0, 1.0, -0.15] + (1 - front) * [0.0, 0.1, -0.8] + side * [0.1, 0.0, 0.0]
    elif style.comb == "forward":
        comb = side * [0.30, 0.0, 0.0] + [0.2 * np.sign(parting), -0.2, 0.9]
    else:
        comb = normal * 0.8
    return comb + rng.normal(0, style.jitter, (count, 3))


def _clear_face(skin: Skin, place: np.ndarray, falls: np.ndarray, curtain: float) -> np.ndarray:
    """Moves points from before the face to its sides; a fringe may stay above the brows."""
    half = np.interp(place[:, 1], *_FACE) * curtain
    before = (place[:, 2] > 0.75) & (np.abs(place[:, 0]) < half) & ~falls
    side = np.where(place[:, 0] < 0.0, -1.0, 1.0)
    moved = place.copy()
    share = np.clip((place[:, 2] - 0.75) / 0.2, 0, 1)
    moved[:, 0] += share * (side * half - place[:, 0])
    return np.where(before[:, None], moved, place)


def _clump(
    strands: np.ndarray, root: np.ndarray, style: Style, rng: np.random.Generator
) -> np.ndarray:
    """Draws the tips of neighbours together into locks."""
    count, points, _ = strands.shape
    leaders = rng.choice(count, max(1, count // 7), replace=False)
    _, nearest = cKDTree(root[leaders]).query(root)
    leader = leaders[nearest]
    along = np.linspace(0.0, 1.0, points)[None, :, None] ** 1.5 * style.clump
    goal = strands[leader] + 0.45 * (root - root[leader])[:, None]
    near = np.linalg.norm(goal - strands, axis=2, keepdims=True) < 0.6
    return np.where(near, strands + (goal - strands) * along, strands)


def _together(strands: np.ndarray) -> np.ndarray:
    """Which strands have neighbours all along and no kinks, `[strands]`: others look like wires."""
    far = [cKDTree(points).query(points, k=5)[0][:, -1] for points in strands[:, 2:].swapaxes(0, 1)]
    farthest = np.max(far, axis=0)
    ways = unit(np.diff(strands, axis=1))
    straight = (ways[:, 1:] * ways[:, :-1]).sum(axis=2).min(axis=1)
    return (farthest < _LONELY * np.median(farthest)) & (straight > _KINK)


def _wave(
    strands: np.ndarray, length: np.ndarray, style: Style, rng: np.random.Generator
) -> np.ndarray:
    """Adds waves or curls, weaker at the roots."""
    if style.wave == 0.0:
        return strands
    count, points, _ = strands.shape
    along = np.linspace(0.0, 1.0, points)[None, :]
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    angle = 2 * np.pi * style.turns * length[:, None] * along + phase
    size = style.wave * np.clip(along * 2.5, 0, 1)
    offset = np.stack([np.sin(angle), 0.3 * np.cos(angle * 0.9), np.cos(angle)], axis=2)
    return strands + offset * size[..., None]
