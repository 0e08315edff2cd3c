"""Walls, studios and rooms, before a lens puts them out of focus.

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


def draw_studio(rng: np.random.Generator) -> np.ndarray:
    """A paper backdrop of one colour."""
    color = random_tone(
        rng, rng.uniform(0, 360), rng.choice([0.05, 0.15, 0.5]), rng.uniform(0.1, 0.95)
    )
    return canvas(color) * falling_light(rng, rng.uniform(0.1, 1.6)) * unevenness(rng, 0.02)


def draw_wall(rng: np.random.Generator) -> np.ndarray:
    """A wall of plaster, brick, panels, curtain, tiles or wood."""
    hue = rng.uniform(0, 360)
    color = random_tone(rng, hue, rng.choice([0.08, 0.2, 0.45]), rng.uniform(0.25, 0.95))
    image = canvas(color)
    kind = rng.choice(["plaster", "brick", "panels", "curtain", "tiles", "wood"])
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    if kind == "brick":
        rows = rng.uniform(9, 20)
        row = np.floor(y * rows)
        column = np.floor(x * rows * 0.38 + 0.5 * (row % 2))
        tone = ((row * 12.9898 + column * 78.233) % 1.7) / 1.7
        joint = ((y * rows) % 1 < 0.12) | ((x * rows * 0.38 + 0.5 * (row % 2)) % 1 < 0.045)
        brick = random_tone(rng, rng.uniform(5, 35), 0.45, rng.uniform(0.35, 0.7))
        image = np.where(joint[..., None], 0.35, brick * (0.65 + 0.7 * tone[..., None]))
    elif kind in ("panels", "wood"):
        count = rng.uniform(4, 14)
        place = x * count
        tone = (np.floor(place) * 0.618) % 1.0
        image = image * (0.8 + 0.4 * tone[..., None] * (kind == "wood"))
        image = image * (1 - 0.5 * ((place % 1) < 0.04))[..., None]
        if kind == "wood":
            grain = cv2.resize(noise_tile(rng, 4, 16), (SIZE, SIZE * 8))[:SIZE]
            image = image * np.exp(0.15 * grain)[..., None] * np.float32([1.1, 0.85, 0.6])
    elif kind == "curtain":
        fold = np.sin(x * rng.uniform(40, 110) + 3 * cv2.resize(noise_tile(rng, 2, 4), x.shape))
        image = image * (0.75 + 0.3 * fold[..., None])
    elif kind == "tiles":
        count = rng.uniform(6, 16)
        joint = ((x * count) % 1 < 0.06) | ((y * count) % 1 < 0.06)
        image = np.where(joint[..., None], image * 0.6, image)
    return (image * unevenness(rng, rng.uniform(0.02, 0.12)) * falling_light(rng, 0.9)).astype(
        np.float32
    )


def draw_room(rng: np.random.Generator) -> np.ndarray:
    """A room with windows, shelves, doors, pictures, furniture and lamps."""
    hue = rng.uniform(15, 60) if rng.random() < 0.6 else rng.uniform(0, 360)
    wall = random_tone(rng, hue, 0.15, rng.uniform(0.35, 0.9))
    image = canvas(wall) * falling_light(rng, 0.8) * unevenness(rng, 0.03)
    corner = rng.uniform(-0.2, 1.2)  # a second wall
    image[:, int(np.clip(corner, 0, 1) * SIZE) :] *= rng.uniform(0.6, 1.1)
    if rng.random() < 0.3:  # ceiling
        fill_box(image, (0, 0, 1, rng.uniform(0.04, 0.15)), wall * 0.3 + 0.5)
    for _ in range(int(rng.integers(1, 3))):
        choice = rng.choice(["window", "shelf", "picture", "door", "shelf", "window"])
        left = rng.uniform(-0.1, 0.75)
        if choice == "window":
            _window(image, left, rng)
        elif choice == "shelf":
            _shelf(image, left, rng)
        elif choice == "door":
            tone = random_tone(rng, hue + rng.normal(0, 30), 0.3, rng.uniform(0.2, 0.9))
            fill_box(image, (left, 0.15, left + 0.28, 1), tone * 0.8)
            fill_box(image, (left + 0.02, 0.18, left + 0.26, 1), tone)
        else:
            for _ in range(int(rng.integers(1, 5))):
                x, y = rng.uniform(0, 0.9), rng.uniform(0.05, 0.45)
                w, h = rng.uniform(0.06, 0.22, 2)
                fill_box(
                    image, (x, y, x + w, y + h), random_tone(rng, 30, 0.3, rng.uniform(0.05, 0.9))
                )
                inner = random_tone(rng, rng.uniform(0, 360), 0.35, rng.uniform(0.2, 0.9))
                fill_box(image, (x + 0.012, y + 0.012, x + w - 0.012, y + h - 0.012), inner)
    if rng.random() < 0.5:  # a sofa or a table in front of the wall
        top, tone = (
            rng.uniform(0.65, 0.9),
            random_tone(rng, rng.uniform(0, 360), 0.3, rng.uniform(0.1, 0.8)),
        )
        left = rng.uniform(-0.4, 0.5)
        fill_box(image, (left, top, left + rng.uniform(0.5, 1.2), 1), tone)
        fill_box(image, (left, top, left + rng.uniform(0.5, 1.2), top + 0.03), tone * 1.4)
    for _ in range(int(rng.integers(0, 3))):  # lamps
        center = tuple(int(v) for v in rng.uniform(0.05, 0.95, 2) * [SIZE, SIZE * 0.5])
        lamp = 3.5 * random_tone(rng, 38, 0.3, 1.0)
        cv2.circle(image, center, int(rng.uniform(5, 22)), tuple(lamp.tolist()), -1)
    if rng.random() < 0.4:
        draw_leaves(image, rng, 60, (rng.uniform(0, 1), rng.uniform(0.4, 0.9)), 0.14)
    return image.astype(np.float32)


def _window(image: np.ndarray, left: float, rng: np.random.Generator) -> None:
    top, width, height = rng.uniform(0.02, 0.2), rng.uniform(0.2, 0.5), rng.uniform(0.4, 0.7)
    sky = random_tone(rng, 210, 0.15, 1.0) * rng.uniform(0.9, 3.0)
    frame = np.full(3, rng.choice([0.05, 0.6, 0.85]))
    fill_box(image, (left - 0.02, top - 0.02, left + width + 0.02, top + height + 0.02), frame)
    fill_box(image, (left, top, left + width, top + height), sky)
    green = random_tone(rng, rng.uniform(70, 140), 0.4, rng.uniform(0.3, 0.8)) * 1.2
    fill_box(
        image, (left, top + height * rng.uniform(0.4, 0.95), left + width, top + height), green
    )
    panes = int(rng.integers(1, 4))
    for number in range(1, panes):
        x = left + width * number / panes
        fill_box(image, (x - 0.008, top, x + 0.008, top + height), frame)
    if rng.random() < 0.4:  # blinds
        for y in np.arange(top, top + height, 0.025):
            fill_box(image, (left, y, left + width, y + 0.012), np.full(3, 0.7))


def _shelf(image: np.ndarray, left: float, rng: np.random.Generator) -> None:
    width, board = rng.uniform(0.3, 0.8), random_tone(rng, 30, 0.4, rng.uniform(0.15, 0.8))
    fill_box(image, (left, 0.0, left + width, 1), board * 0.35)
    y = rng.uniform(-0.1, 0.05)
    while y < 1:
        height = rng.uniform(0.11, 0.2)
        x = left + 0.01
        while x < left + width - 0.02:
            thick = rng.uniform(0.008, 0.035)
            if rng.random() < 0.85:
                tone = random_tone(rng, rng.uniform(0, 360), 0.4, rng.beta(1.5, 1.3))
                fill_box(
                    image, (x, y + height * rng.uniform(0.1, 0.4), x + thick, y + height), tone
                )
            x += thick * rng.choice([1.0, 1.0, 1.0, 2.5])
        fill_box(image, (left, y + height, left + width, y + height + 0.015), board)
        y += height + 0.015
