"""Caps, beanies, hats and headscarves."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.clothes import random_color
from maskanim_tf.people.labels import WORN
from maskanim_tf.people.noise import noise_tile
from maskanim_tf.people.pieces import Piece, unit
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import Paint, encode_relief
from maskanim_tf.people.solids import Hull, plain_paint, sheet, surface, tube

_ROUND = 56
_TURN = np.linspace(-np.pi, np.pi, _ROUND, endpoint=False)


def make_hat(body: Body, shape: Shape, rng: np.random.Generator) -> list[Piece]:
    """A cap, a beanie or a hat with a brim."""
    kind = str(rng.choice(("cap", "cap", "beanie", "hat")))
    hull, color = Hull(body, shape), random_color(rng)
    front = 0.5 + 0.5 * np.cos(_TURN)
    eyes = float(shape.positions[np.concatenate(list(body.eye_vertices.values())), 1].mean())
    low = eyes + {"cap": 0.30, "beanie": 0.16, "hat": 0.26}[kind] + rng.uniform(0.22, 0.34) * front
    top = 0.16 if kind == "cap" else rng.uniform(0.12, 0.35)
    rim = _on_hull(hull, low - hull.center[1], 0.09)
    first = rim - hull.center
    start = np.arctan2(first[:, 1], np.hypot(first[:, 0], first[:, 2]))
    rows = [rim]
    for share in (0.1, 0.25, 0.42, 0.6, 0.78, 0.92, 1.0):
        lift = start + (np.pi / 2 - start) * share
        ways = np.stack(
            [np.cos(lift) * np.sin(_TURN), np.sin(lift), np.cos(lift) * np.cos(_TURN)], 1
        )
        reach = hull.radius(ways) + 0.10 + (0.04 if kind == "cap" else 0.0)
        row = hull.center + ways * reach[:, None]
        # A hat is stiff: its crown stands off the head and is flat on top.
        row[:, 1] += top * min(1.0, 2.5 * share) * (kind != "cap")
        rows.append(row)
    paint = _weave(color, 0.02 if kind == "beanie" else 0.006, rng)
    dome = sheet(rows, paint, WORN, 1.0, repeats=3)
    if kind == "beanie":
        band, corners = tube(rim + np.array([0.0, 0.06, 0.0]), 0.085, 8, closed=True)
        return [dome, surface(band, corners, plain_paint(color * 0.85, 0.05), WORN, 1.0)]
    return [dome, _brim(rim, kind, color, rng)]


def _brim(rim: np.ndarray, kind: str, color: np.ndarray, rng: np.random.Generator) -> Piece:
    width = rng.uniform(0.55, 0.75) if kind == "cap" else rng.uniform(0.3, 0.6)
    shape = np.clip(np.cos(_TURN * 1.25), 0, 1) ** 0.6 * (np.abs(_TURN) < 1.25)
    reach = width * (shape if kind == "cap" else np.ones_like(_TURN))
    aside = 0.35 if kind == "cap" else 1
    way = unit(np.stack([np.sin(_TURN) * aside, 0 * _TURN, np.cos(_TURN)], axis=1))
    rows = []
    for share in (0.0, 0.4, 0.75, 1.0):
        sag = -0.22 * share * reach if kind == "cap" else 0.12 * share**2 * reach
        curve = -0.25 * reach * np.sin(_TURN) ** 2 * share if kind == "cap" else 0.0
        rows.append(rim + way * (reach * share)[:, None] + np.outer(sag + curve, [0, 1.0, 0]))
    return sheet(rows, plain_paint(color * 0.9, 0.06), WORN, 1.0, occlusion=0.8)


def make_scarf(body: Body, shape: Shape, rng: np.random.Generator) -> list[Piece]:
    """A headscarf: round the face over the head, and down over neck and shoulders."""
    hull, color = Hull(body, shape, 6.15), random_color(rng)
    paint = _weave(color, 0.03, rng)
    around = _TURN  # 0 above the face
    above = 0.5 + 0.5 * np.cos(around)
    edge = np.interp(
        np.abs(around), [0, 0.7, 1.1, 1.5, 2.4, np.pi], [0.46, 0.60, 0.78, 0.96, 1.10, 1.02]
    )
    rows = []
    for share in np.array([0.0, 0.03, 0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0]):
        away = edge + (np.pi - 0.05 - edge) * share
        side = np.sin(away)
        ways = np.stack([side * np.sin(around), side * np.cos(around), np.cos(away)], axis=1)
        reach = hull.radius(ways) + 0.05 + 0.06 * min(1.0, share * 8) + 0.05 * above * share
        rows.append(hull.center + ways * reach[:, None])
    return [sheet(rows, paint, WORN, 1.0, repeats=2), _drape(body, shape, paint, rng)]


def _drape(body: Body, shape: Shape, paint: Paint, rng: np.random.Generator) -> Piece:
    """Cloth that falls from the jaw over the shoulders: it never gets narrower downwards."""
    points = shape.positions[body.skin_vertices] - [0.0, 0.0, 0.3]
    angle = np.arctan2(points[:, 0], points[:, 2])
    reach = np.hypot(points[:, 0], points[:, 2])
    bottom = rng.uniform(4.7, 5.3)
    rows, widest = [], np.full(_ROUND, 0.0)
    heights = np.linspace(6.75, bottom, 12)
    for number, height in enumerate(heights):
        near = np.abs(points[:, 1] - height) < 0.14
        if height > 6.0:
            near &= reach < 0.75
        apart = np.abs((_TURN[:, None] - angle[near] + np.pi) % (2 * np.pi) - np.pi)
        body_reach = np.where(apart < 0.28, reach[near], 0.0).max(axis=1)
        body_reach = cv2.blur(np.tile(body_reach, 3)[None].astype(np.float32), (7, 1))[0]
        widest = np.maximum(widest, body_reach[_ROUND : 2 * _ROUND] + 0.24)
        # Its upper edge is hidden below the cloth round the head.
        widest = np.minimum(widest, 0.45 + 0.17 * number)
        folds = 1.0 + 0.03 * np.sin(_TURN * 7 + 3.0 * number / 12)
        ring = widest * folds
        rows.append(
            np.stack([ring * np.sin(_TURN), np.full(_ROUND, height), 0.3 + ring * np.cos(_TURN)], 1)
        )
    share = np.repeat(np.clip((heights - 5.6) / 1.0, 0, 1), _ROUND)
    return sheet(rows, paint, WORN, share, repeats=2)


def _on_hull(hull: Hull, height: np.ndarray, gap: float) -> np.ndarray:
    """Points `[n, 3]` round the head at heights above the hull's center."""
    reach = np.full(len(_TURN), 0.9)
    for _ in range(3):  # the direction depends on the reach that it leads to
        flat = np.sqrt(np.maximum(reach**2 - height**2, 0.01))
        ways = unit(np.stack([flat * np.sin(_TURN), height, flat * np.cos(_TURN)], axis=1))
        reach = hull.radius(ways) + gap
    return hull.center + ways * reach[:, None]


def _weave(color: np.ndarray, folds: float, rng: np.random.Generator) -> Paint:
    """Cloth of one colour with a weave and folds."""
    size = 256
    fine, broad = noise_tile(rng, 1, 64), noise_tile(rng, 3, 4)
    tone = color * np.exp(0.06 * fine + 0.05 * broad)[..., None]
    albedo = np.full((size, size, 4), 255, np.uint8)
    albedo[..., :3] = np.sqrt(np.clip(tone, 0, 1)) * 255
    height = folds * cv2.resize(broad, (size, size * 3))[:size] + 0.002 * fine
    return Paint(albedo, encode_relief(height, np.full((size, size), 0.1), 1 / 90.0))
