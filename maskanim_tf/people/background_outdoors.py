"""Sky, greenery, streets and lights at night, before a lens puts them out of focus.

Pictures are linear light, float32 `[SIZE, SIZE, 3]`, which may exceed 1.
"""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.background_parts import (
    SIZE,
    canvas,
    draw_leaves,
    falling_light,
    fill_box,
    random_tone,
    unevenness,
)
from maskanim_tf.people.noise import noise_tile


def draw_sky(rng: np.random.Generator) -> np.ndarray:
    """Sky with clouds over a ridge."""
    y = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None, None]
    high = random_tone(rng, rng.uniform(200, 225), 0.45, rng.uniform(0.6, 0.95))
    low = random_tone(rng, rng.choice([30.0, 210.0]), 0.15, rng.uniform(0.8, 1.0))
    image = canvas(high) * (1 - y) + low.astype(np.float32) * y
    clouds = cv2.resize(noise_tile(rng, 5, 4), (SIZE, SIZE))[..., None]
    cover = np.clip((clouds - rng.uniform(-0.3, 1.2)) / 1.2, 0, 1)
    image = image * (1 - cover) + cover * rng.uniform(0.7, 1.3)
    horizon = rng.uniform(0.55, 0.95)
    ridge = horizon + 0.04 * cv2.resize(noise_tile(rng, 3, 4), (SIZE, SIZE))[0]
    ground = y[..., 0] > ridge[None]
    color = random_tone(rng, rng.uniform(60, 140), 0.35, rng.uniform(0.2, 0.6))
    return np.where(ground[..., None], color * unevenness(rng, 0.4, 16), image).astype(np.float32)


def draw_greenery(rng: np.random.Generator) -> np.ndarray:
    """Foliage with trunks, sky between the leaves and perhaps a lawn."""
    hue = rng.uniform(65, 140) if rng.random() < 0.85 else rng.uniform(15, 50)
    image = canvas(random_tone(rng, hue, 0.5, rng.uniform(0.15, 0.4)))
    image = image * unevenness(rng, 0.5, 4)
    sun = rng.uniform(0.2, 1.0)
    for _ in range(int(rng.integers(120, 420))):  # clumps of foliage, dark behind, light in front
        place = tuple(int(v) for v in rng.uniform(-0.05, 1.05, 2) * SIZE)
        tone = random_tone(rng, hue + rng.normal(0, 14), 0.5, rng.beta(1.5, 2.2))
        axes = (int(rng.uniform(4, 45)), int(rng.uniform(3, 25)))
        cv2.ellipse(image, place, axes, rng.uniform(0, 180), 0, 360, tuple(tone.tolist()), -1)
    for _ in range(int(rng.integers(0, 7))):  # trunks
        x, thick = rng.uniform(0, 1), rng.uniform(0.01, 0.06)
        fill_box(image, (x, 0, x + thick, 1), random_tone(rng, 28, 0.35, rng.uniform(0.08, 0.4)))
    for _ in range(int(rng.integers(0, 160) * sun)):  # sky through the leaves
        place = tuple(int(v) for v in rng.uniform(0, 1, 2) * [SIZE, SIZE * 0.7])
        tone = random_tone(rng, rng.choice([50.0, 210.0]), 0.12, 1.0) * rng.uniform(1.5, 7.0)
        cv2.circle(image, place, int(rng.uniform(1, 5)), tuple(tone.tolist()), -1)
    if rng.random() < 0.5:
        lawn = random_tone(rng, rng.uniform(75, 115), 0.5, rng.uniform(0.4, 0.8))
        top = rng.uniform(0.6, 0.9)
        fill_box(image, (0, top, 1, 1), lawn)
        image[int(top * SIZE) :] *= unevenness(rng, 0.25, 16)[int(top * SIZE) :]
    return image.astype(np.float32)


def draw_street(rng: np.random.Generator) -> np.ndarray:
    """Houses along a road, with cars and trees."""
    image = draw_sky(rng) if rng.random() < 0.5 else canvas(np.full(3, rng.uniform(0.5, 1.6)))
    x = -0.1
    while x < 1:
        width, top = rng.uniform(0.12, 0.4), rng.uniform(-0.1, 0.5)
        tone = random_tone(rng, rng.uniform(10, 60), 0.22, rng.uniform(0.25, 0.85))
        fill_box(image, (x, top, x + width, 1), tone)
        pane = random_tone(rng, 210, 0.2, rng.uniform(0.1, 0.5))
        columns, rows = int(rng.integers(2, 7)), int(rng.integers(4, 11))
        for column in range(columns):
            for row in range(rows):
                left = x + width * (column + 0.25) / columns
                high = top + 0.04 + 0.75 * row / rows
                lit = pane * rng.choice([0.6, 1.0, 1.6, 5.0], p=[0.35, 0.4, 0.2, 0.05])
                fill_box(image, (left, high, left + width * 0.5 / columns, high + 0.42 / rows), lit)
        x += width
    road = rng.uniform(0.75, 0.95)
    fill_box(image, (0, road, 1, 1), np.full(3, rng.uniform(0.1, 0.35)))
    for _ in range(int(rng.integers(0, 6))):  # cars, signs, people
        x, y, hue = rng.uniform(0, 1), road - rng.uniform(0.0, 0.12), rng.uniform(0, 360)
        w, h = rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.16)
        fill_box(image, (x, y, x + w, y + h), random_tone(rng, hue, 0.6, rng.uniform(0.1, 0.9)))
    for _ in range(int(rng.integers(0, 14))):
        place = tuple(int(v) for v in rng.uniform(0, 1, 2) * SIZE)
        tone = random_tone(rng, rng.uniform(0, 60), 0.4, 1.0) * 4.0
        cv2.circle(image, place, int(rng.uniform(1, 4)), tuple(tone.tolist()), -1)
    if rng.random() < 0.5:
        draw_leaves(image, rng, 250, (rng.uniform(0, 1), rng.uniform(0, 0.5)), 0.2)
    return (image * unevenness(rng, 0.06)).astype(np.float32)


def draw_night(rng: np.random.Generator) -> np.ndarray:
    """Lights in the dark."""
    image = canvas(random_tone(rng, rng.uniform(200, 270), 0.4, rng.uniform(0.05, 0.25)))
    image = image * falling_light(rng, 1.5)
    for _ in range(int(rng.integers(25, 120))):
        place = tuple(int(v) for v in rng.normal(0.5, [0.35, 0.2], 2) * SIZE)
        hue = rng.choice(
            [35.0, 45.0, 210.0, 0.0, 120.0, 300.0], p=[0.4, 0.2, 0.15, 0.12, 0.06, 0.07]
        )
        tone = random_tone(rng, hue, 0.55, 1.0) * rng.uniform(2.0, 30.0)
        cv2.circle(image, place, int(rng.choice([1, 2, 2, 3])), tuple(tone.tolist()), -1)
    return image.astype(np.float32)
