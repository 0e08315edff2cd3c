"""What pictures of rooms and places are made of: colours, light, rectangles, leaves."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.noise import noise_tile

SIZE = 512


def warmth(rng: np.random.Generator, spread: float) -> np.ndarray:
    """Factors `[3]` of a light between cool and warm."""
    return np.exp(np.float32([1.0, 0.1, -1.1]) * np.float32(rng.normal(0, spread)))


def random_tone(rng: np.random.Generator, hue: float, strong: float, value: float) -> np.ndarray:
    """A linear colour; `strong` is the mean saturation, `value` the brightness."""
    hsv = [hue % 360, np.clip(rng.normal(strong, 0.12), 0, 1), np.clip(value, 0, 1)]
    return cv2.cvtColor(np.float32([[hsv]]), cv2.COLOR_HSV2RGB)[0, 0] ** 2.0


def canvas(color: np.ndarray) -> np.ndarray:
    """A picture of one linear colour, float32 `[SIZE, SIZE, 3]`."""
    return np.ones((SIZE, SIZE, 3), np.float32) * np.asarray(color, np.float32)


def falling_light(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Light that falls off across a wall, `[size, size, 1]`, about 1."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE - 0.5
    angle, center = rng.uniform(0, 2 * np.pi), rng.uniform(-0.7, 0.7, 2)
    linear = x * np.cos(angle) + y * np.sin(angle)
    spot = np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / 0.4)
    return np.exp(strength * (linear + 0.8 * (spot - 0.4)))[..., None]


def unevenness(rng: np.random.Generator, strength: float, first: int = 8) -> np.ndarray:
    """Factors `[SIZE, SIZE, 1]` about 1 of an uneven surface; `first` is how fine it is."""
    tile = noise_tile(rng, 4, first)
    return np.exp(strength * cv2.resize(tile, (SIZE, SIZE)))[..., None]


def fill_box(image: np.ndarray, place: tuple[float, ...], color: np.ndarray) -> None:
    """Fills a rectangle (left, top, right, bottom), in shares of the picture."""
    left, top, right, bottom = (round(each * SIZE) for each in place)
    value = tuple(float(each) for each in color)
    cv2.rectangle(image, (left, top), (right - 1, bottom - 1), value, -1)


def draw_leaves(
    image: np.ndarray, rng: np.random.Generator, count: int, center: tuple, spread: float
) -> None:
    """Draws leaves round a place (x, y) in shares of the picture."""
    hue = rng.uniform(70, 135)
    for _ in range(count):
        place = (np.array(center) + rng.normal(0, spread, 2)) * SIZE
        size = (int(rng.uniform(4, 26)), int(rng.uniform(2, 9)))
        tone = random_tone(rng, hue + rng.normal(0, 12), 0.55, rng.beta(1.5, 2.0) * 1.1)
        spot = tuple(int(v) for v in place)
        cv2.ellipse(image, spot, size, rng.uniform(0, 180), 0, 360, tuple(tone.tolist()), -1)
