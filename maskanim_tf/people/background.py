"""Pictures to stand behind a person: rooms, streets, greenery, walls, all out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.background_indoors import draw_room, draw_studio, draw_wall
from maskanim_tf.people.background_outdoors import draw_greenery, draw_night, draw_sky, draw_street
from maskanim_tf.people.background_parts import warmth

_PLAIN = (draw_wall, draw_studio)
_BUSY = (
    *(draw_room, draw_room, draw_room, draw_street, draw_street),
    *(draw_greenery, draw_greenery, draw_night, draw_sky),
)
_KINDS = {"any": _PLAIN + _BUSY, "plain": _PLAIN, "busy": _BUSY}
BACKGROUNDS = tuple(_KINDS)


def draw_background(rng: np.random.Generator, background: str = "any") -> np.ndarray:
    """Draws a background.

    Args:
        rng: random numbers.
        background: one of `BACKGROUNDS`; a plain one is a wall or a studio's backdrop.

    Returns:
        RGB uint8 `[512, 512, 3]`, row 0 at the top.
    """
    kinds = _KINDS[background]
    draw = kinds[rng.choice(len(kinds))]
    light = draw(rng)  # linear, may exceed 1 where a lamp or the sky is
    on_walls, elsewhere = rng.choice([0.0, 1.5, 4.0]), rng.uniform(1.5, 16.0)
    blur = {draw_studio: 0.0, draw_wall: on_walls}.get(draw, elsewhere)
    if draw is draw_night:
        blur = rng.uniform(5.0, 16.0)
    light = _defocus(light, float(blur))
    light = light * np.exp(rng.normal(0.0, 0.25)) * warmth(rng, 0.06)
    levels = np.sqrt(1.0 - np.exp2(-1.6 * np.maximum(light, 0.0))) * 255
    return levels.astype(np.uint8)


def _defocus(light: np.ndarray, radius: float) -> np.ndarray:
    """Blur with a round aperture, which turns bright points into discs."""
    if radius < 1.0:
        return light
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
