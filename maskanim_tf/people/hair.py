"""Hair and beard of a person."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.hair_cards import cards
from maskanim_tf.people.hair_gathers import gathered
from maskanim_tf.people.hair_growth import Skin, grow
from maskanim_tf.people.hair_styles import STYLES, Style
from maskanim_tf.people.hairline import beard_mask, hair_mask
from maskanim_tf.people.pieces import Piece, unit
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.traits import Traits

_BEARDS = {
    "full": Style(1200, (0.18, 0.40), 1.0, (0.03, 0.09), "beard", steps=4, width=0.030),
    "goatee": Style(700, (0.12, 0.30), 1.0, (0.02, 0.06), "beard", steps=3, width=0.024),
    "moustache": Style(360, (0.10, 0.16), 1.0, (0.01, 0.03), "beard", steps=3, width=0.022),
}


def grow_hair(body: Body, shape: Shape, traits: Traits, rng: np.random.Generator) -> list[Piece]:
    """Cards of hair, of what is gathered at the back, and of a beard."""
    skin = Skin(body, shape)
    pieces = []
    top = body.rest[:, 1] > 7.4
    center = shape.positions[body.skin_vertices[top[body.skin_vertices]]].mean(axis=0)
    center = center - [0.0, 0.25, 0.0]
    style = STYLES[traits.style]
    if style is not None:
        weights = hair_mask(body.rest, traits.style) * (body.ear < 0.3) * ~body.inner_mouth
        if traits.style in ("cap", "hat"):
            weights = weights * (body.rest[:, 1] < 7.6)
        strands, layer = grow(skin, style, weights, rng)
        pieces.append(cards(strands, layer, center, traits, style.width, style.look, rng))
        if style.gather:
            pieces += gathered(skin, style, strands[:, -1].mean(axis=0), center, traits, rng)
    if traits.beard in _BEARDS:
        style = _BEARDS[traits.beard]
        rest = body.rest
        dense = beard_mask(rest, traits.beard)
        weights = dense * (dense > 0.25) * (body.lips < 0.3) * ~body.inner_mouth
        strands, layer = _grow_beard(skin, style, weights, rng)
        colors = dataclasses.replace(traits, hair=traits.hair * 0.8, hair_tips=traits.hair)
        face = shape.positions[body.nearest((0.0, 6.6, 1.5))] - [0.0, 0.0, 0.9]
        pieces.append(cards(strands, layer, face, colors, style.width, (1, 1, 2), rng))
    return pieces


def _grow_beard(
    skin: Skin, style: Style, weights: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Strands `[n, steps + 1, 3]` that lie down along the chin, and their layers."""
    root, rest, normal = skin.roots(weights, style.cards, rng)
    length = rng.uniform(*style.length) * rng.uniform(0.7, 1.1, style.cards)
    # Longer on the chin; on the upper lip hair runs to the sides.
    length *= 1.0 - 0.5 * np.clip(np.abs(rest[:, 0]) / 0.7, 0, 1)
    lip = (rest[:, 1] > 6.68) & (np.abs(rest[:, 0]) < 0.36)
    aside = np.sign(rest[:, :1]) * [1.0, 0.0, 0.0]
    comb = np.where(lip[:, None], aside * 0.8 + [0, -0.5, 0.1], aside * 0.1 + [0, -0.8, 0.15])
    direction = unit(normal * 0.35 + comb + rng.normal(0, 0.18, root.shape))
    length = np.where(lip, np.minimum(length, 0.16), length)
    points, place = [root], root
    for _ in range(style.steps):
        place = place + direction * (length / style.steps)[:, None]
        above, around = skin.nearest(place)
        place = place + around * np.clip(0.012 - above, 0.0, 0.2)[:, None]
        points.append(place)
    return np.stack(points, axis=1), np.sqrt(rng.random(style.cards))
