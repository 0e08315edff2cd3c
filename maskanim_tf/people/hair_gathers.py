"""Hair that is tied at the back: tails, buns and braids."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.hair_cards import cards
from maskanim_tf.people.hair_growth import Skin
from maskanim_tf.people.hair_styles import Style
from maskanim_tf.people.pieces import Piece, unit
from maskanim_tf.people.traits import Traits

_CARDS, _STEPS = 150, 10


def gathered(
    skin: Skin,
    style: Style,
    tie: np.ndarray,
    center: np.ndarray,
    traits: Traits,
    rng: np.random.Generator,
) -> list[Piece]:
    """What hair forms beyond the place where it is tied.

    Args:
        skin: of the person.
        style: with a gather.
        tie: `[3]`, where hair meets.
        center: `[3]`, of the head.
        traits: colours.
        rng: random numbers.
    """
    away = (tie - center) / np.linalg.norm(tie - center)
    if style.gather == "bun":
        radius = rng.uniform(0.30, 0.48)
        middle = tie + away * radius * 0.55
        strands = _wound(middle, radius, rng)
        layer = np.sqrt(rng.random(len(strands)))
        return [cards(strands, layer, middle, traits, 0.12, (0, 0, 1), rng)]
    sides = (-1.0, 1.0) if style.gather == "braids" else (0.0,)
    pieces = []
    for side in sides:
        start = tie + side * np.array([0.42, 0.0, 0.25])
        strands, layer = _hanging(skin, start, away, side, rng)
        look = (0, 0, 1) if side else (0, 1, 2)
        pieces.append(cards(strands, layer, start - away * 0.4, traits, 0.11, look, rng))
    return pieces


def _wound(middle: np.ndarray, radius: float, rng: np.random.Generator) -> np.ndarray:
    """Arcs wound round a ball."""
    axis = unit(rng.normal(0, 0.5, (_CARDS, 3)) + np.array([0.0, 0.3, 1.0]))
    first = unit(np.cross(axis, rng.normal(0, 1, (_CARDS, 3))))
    second = np.cross(axis, first)
    lift = rng.uniform(-0.7, 0.7, (_CARDS, 1, 1))
    angle = np.linspace(0.0, rng.uniform(2.0, 3.0), _STEPS + 1)[None, :, None]
    circle = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    ball = np.sqrt(1 - lift**2) * circle + lift * axis[:, None]
    return middle + radius * rng.uniform(0.86, 1.0, (_CARDS, 1, 1)) * ball * [1.0, 0.9, 0.85]


def _hanging(
    skin: Skin, start: np.ndarray, away: np.ndarray, side: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A bundle that leaves the head and falls; for braids narrow, with bulges."""
    length = rng.uniform(1.6, 2.8)
    t = np.linspace(0.0, 1.0, _STEPS + 1)
    spine = [start]
    direction = away + np.array([0.0, 0.35, 0.0])
    if side:
        direction = np.array([side * 0.3, -0.6, 0.35])
    for _ in range(_STEPS):
        direction = direction * 0.62 + [0.0, -0.45, 0.12 * abs(side)]
        direction = direction / np.linalg.norm(direction)
        place = spine[-1] + direction * length / _STEPS
        above, around = skin.nearest(place[None])
        spine.append(place + around[0] * max(0.0, 0.22 - float(above[0])))
    bulge = np.interp(t, [0, 0.15, 0.6, 1], [0.10, 0.26, 0.24, 0.10])
    if side:
        bulge = 0.10 * (1 - 0.4 * t) * (0.75 + 0.25 * np.abs(np.sin(t * 22)))
    angle, layer = rng.uniform(0, 2 * np.pi, _CARDS), np.sqrt(rng.random(_CARDS))
    twist = angle[:, None] + (side * 9.0 * t if side else 0.4 * t)
    ring = np.stack([np.cos(twist), 0 * twist, np.sin(twist)], axis=2)
    radius = (layer[:, None] * bulge[None])[..., None]
    reach = rng.uniform(0.8, 1.0, _CARDS)[:, None] * t * _STEPS
    low = np.minimum(reach.astype(int), _STEPS - 1)
    share = (reach - low)[..., None]
    spines = np.array(spine)
    path = spines[low] * (1 - share) + spines[low + 1] * share
    return path + ring * radius, layer
