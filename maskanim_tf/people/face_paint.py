"""Details painted on a face in the coordinates of the base shape: brows, lids, wrinkles."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.skin_map import TEXTURE_SIZE, SkinMap, texture_coordinates
from maskanim_tf.people.traits import Traits

_SHIFT = 4  # OpenCV's fractional bits of a place


def brow_strokes(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """How much of the skin brow hairs cover, `[size, size]` in [0, 1]."""
    slim = rng.uniform(0.018, 0.034) * (0.8 if traits.eyeliner or traits.lipstick else 1.15)
    # Low inner ends below high arches make a stern face.
    arch, lift, tail = rng.uniform(0.01, 0.04), rng.uniform(7.495, 7.55), rng.uniform(0.01, 0.06)
    inner, outer = rng.uniform(0.13, 0.18), rng.uniform(0.50, 0.58)
    count, length = int(rng.uniform(150, 330)), rng.uniform(0.06, 0.10)
    thin = rng.uniform(0.45, 0.8) * (1.0 - 0.35 * traits.grey)
    along = rng.random((2, count)) ** 0.9
    middle = lift + arch * np.sin(np.pi * np.minimum(along / 1.25, 1.0)) - tail * along**3
    width = slim * (1 - 0.75 * along**1.6) * np.minimum(1.0, 0.5 + 3.0 * along)
    offset = np.clip(rng.normal(0, 0.55, along.shape), -1, 1)
    height = middle + offset * width
    angle = np.interp(along, [0, 0.2, 0.5, 1], [1.25, 0.75, 0.2, -0.35]) - 0.35 * offset * along
    angle = angle + rng.normal(0, 0.16, along.shape)
    size = length * rng.uniform(0.6, 1.1, along.shape) * (1 - 0.45 * along)
    start = np.stack([inner + (outer - inner) * along, height], axis=-1)
    end = start + np.stack([size * np.cos(angle), 0.6 * size * np.sin(angle)], axis=-1)
    mirror = np.array([[-1.0, 1.0], [1.0, 1.0]])[:, None, :]
    ends = np.stack([start * mirror, end * mirror], axis=2)
    places = front_texels(skin_map, ends.reshape(-1, 2)).reshape(-1, 2, 2)
    # Hairs are as fine in a small texture: they are drawn large.
    places = places * (TEXTURE_SIZE / skin_map.size)
    strokes = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    shades = rng.uniform(0.5, 1.0, len(places)) * np.minimum(0.4 + 4.0 * along.ravel(), 1.0)
    fixed = (places * 2**_SHIFT).astype(np.int32)
    for (one, other), shade in zip(fixed.tolist(), shades.tolist()):
        cv2.line(strokes, one, other, shade, 1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(strokes, (0, 0), 2.6)
    cover = np.clip(strokes * 0.75 + soft * 0.9, 0, 1) * thin + np.clip(soft - 0.2, 0, 0.6) * thin
    return cv2.resize(cover, (skin_map.size, skin_map.size), interpolation=cv2.INTER_AREA)


def front_texels(skin_map: SkinMap, points: np.ndarray) -> np.ndarray:
    """Texels `[n, 2]` of points of the face `[n, 2]` (x, y), found by following its depth."""
    depth = np.full(len(points), 1.3, np.float32)
    texels = np.zeros((len(points), 2), np.float32)
    for _ in range(4):
        uv = texture_coordinates(np.column_stack([points, depth]).astype(np.float32))
        texels = np.clip(uv * skin_map.size - 0.5, 0, skin_map.size - 1)
        column, row = texels.astype(int).T
        depth = skin_map.position[row, column, 2]
    return texels


def furrows(skin_map: SkinMap, rng: np.random.Generator) -> np.ndarray:
    """Heights of wrinkles as deep as they get, float32 `[size, size]` below 0, decimetres."""
    scale = skin_map.size / TEXTURE_SIZE
    fine = np.zeros((skin_map.size, skin_map.size), np.float32)
    broad = fine.copy()

    def draw(layer: np.ndarray, x: np.ndarray, y: np.ndarray, depth: float) -> None:
        texels = np.int32(front_texels(skin_map, np.column_stack([x, y])) * 2**_SHIFT)
        cv2.polylines(layer, [texels], False, depth, 1, cv2.LINE_AA, _SHIFT)

    t = np.linspace(0, 1, 24)
    for _ in range(int(rng.integers(2, 5))):  # across the forehead, broken and wavy
        left, right = rng.uniform(-0.55, -0.2), rng.uniform(0.2, 0.55)
        wave = rng.normal(0, 0.010, 4) @ np.sin(np.outer([3.1, 6.3, 9.4, 12.6], t) + 1.0)
        height = rng.uniform(7.66, 7.98) + 0.03 * np.sin(np.pi * t) + wave
        draw(broad, left + (right - left) * t, height, rng.uniform(0.3, 0.8))
    for side in (-1.0, 1.0):
        fold = rng.uniform(0.02, 0.07)
        smile = side * (0.19 + 0.20 * t + fold * np.sin(3.0 * t))
        draw(broad, smile, 6.97 - 0.42 * t, rng.uniform(0.7, 1.1))
        bag = 7.14 - 0.07 * np.sin(np.pi * t)
        draw(broad, side * (0.15 + 0.30 * t), bag, rng.uniform(0.3, 0.8))
        for number in range(int(rng.integers(2, 5))):  # beside the eye
            angle = (number - 1.3) * 0.38 + rng.normal(0, 0.07)
            reach = rng.uniform(0.07, 0.15) * t
            away, up = 0.56 + reach * np.cos(angle), 0.02 * number + reach * np.sin(angle)
            draw(fine, side * away, 7.27 + up, rng.uniform(0.3, 0.7))
        draw(fine, side * (0.06 + 0.02 * t), 7.42 + 0.16 * t, rng.uniform(0.1, 0.6))
    layers = [(fine, 1.8 * scale), (broad, 2.5 * scale)]
    depth = sum(cv2.GaussianBlur(layer, (0, 0), width) * 4.5 for layer, width in layers)
    return -0.005 * np.clip(depth, 0, 1.2)
