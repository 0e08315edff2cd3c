"""Details painted on a face in the coordinates of the base shape: brows, lids, wrinkles."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.people.noise import smooth_step
from maskanim_tf.people.skin_map import TEXTURE_SIZE, SkinMap, texture_coordinates
from maskanim_tf.people.traits import Traits

_EYE = (0.312, 7.285)
_SHIFT = 4  # OpenCV's fractional bits of a place


@dataclasses.dataclass(frozen=True)
class Lids:
    """Fields `[size, size]` in [0, 1] round the eyes.

    Attributes:
        socket: the thin skin below and beside the eye.
        upper: the upper lid up to the crease.
        rim: the wet edge of the lids.
        liner: where lashes root.
    """

    socket: np.ndarray
    upper: np.ndarray
    rim: np.ndarray
    liner: np.ndarray


def eyelid_fields(position: np.ndarray) -> Lids:
    """The regions of the lids."""
    x, y, z = cv2.split(position)
    front = smooth_step(0.8, 1.1, z)
    across, up = (np.abs(x) - _EYE[0]) / 0.19, (y - _EYE[1]) / 0.085
    around = np.hypot(across, up)
    socket = np.exp(-(((np.abs(x) - 0.27) / 0.2) ** 2) - ((y - 7.16) / 0.10) ** 2) * front
    upper = np.exp(-(across**2)) * smooth_step(7.33, 7.36, y) * smooth_step(7.46, 7.40, y) * front
    rim = smooth_step(1.25, 1.0, around) * front
    liner = smooth_step(1.45, 1.15, around) * smooth_step(-0.1, 0.6, up) * front
    return Lids(socket, upper, rim, liner)


def brow_strokes(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """How much of the skin brow hairs cover, `[size, size]` in [0, 1]."""
    slim = rng.uniform(0.018, 0.034) * (0.8 if traits.eyeliner or traits.lipstick else 1.15)
    arch, lift, tail = rng.uniform(0.02, 0.07), rng.uniform(7.485, 7.545), rng.uniform(0.01, 0.06)
    inner, outer = rng.uniform(0.11, 0.17), rng.uniform(0.50, 0.58)
    count, length = int(rng.uniform(150, 330)), rng.uniform(0.06, 0.10)
    thin = rng.uniform(0.5, 0.95) * (1.0 - 0.35 * traits.grey)
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
    strokes = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    shades = rng.uniform(0.5, 1.0, len(places))
    fixed = (places * 2**_SHIFT).astype(np.int32)
    for (one, other), shade in zip(fixed.tolist(), shades.tolist()):
        cv2.line(strokes, one, other, shade, 1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(strokes, (0, 0), 2.6)
    return np.clip(strokes * 0.75 + soft * 0.9, 0, 1) * thin + np.clip(soft - 0.2, 0, 0.6) * thin


def front_texels(skin_map: SkinMap, points: np.ndarray) -> np.ndarray:
    """Texels `[n, 2]` of points of the face `[n, 2]` (x, y), found by following its depth."""
    depth = np.full(len(points), 1.3, np.float32)
    texels = np.zeros((len(points), 2), np.float32)
    for _ in range(4):
        uv = texture_coordinates(np.column_stack([points, depth]).astype(np.float32))
        texels = np.clip(uv * TEXTURE_SIZE - 0.5, 0, TEXTURE_SIZE - 1)
        column, row = texels.astype(int).T
        depth = skin_map.position[row, column, 2]
    return texels


def wrinkle_heights(skin_map: SkinMap, traits: Traits, rng: np.random.Generator) -> np.ndarray:
    """Furrows as heights below the skin, `[size, size]`, in units of the mesh."""
    furrows = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    strength = traits.wrinkles
    if strength < 0.03:
        return furrows

    def draw(points: np.ndarray, depth: float, width: float) -> None:
        layer = np.zeros_like(furrows)
        texels = np.int32(front_texels(skin_map, points) * 2**_SHIFT)
        cv2.polylines(layer, [texels], False, depth, 1, cv2.LINE_AA, _SHIFT)
        furrows[:] += cv2.GaussianBlur(layer, (0, 0), width) * (width * 2.5)

    t = np.linspace(0, 1, 24)
    for _ in range(int(rng.integers(2, 5))):  # across the forehead, broken and wavy
        left, right = rng.uniform(-0.55, -0.2), rng.uniform(0.2, 0.55)
        wave = rng.normal(0, 0.010, 4) @ np.sin(np.outer([3.1, 6.3, 9.4, 12.6], t) + 1.0)
        height = rng.uniform(7.66, 7.98) + 0.03 * np.sin(np.pi * t) + wave
        draw(np.column_stack([left + (right - left) * t, height]), rng.uniform(0.3, 0.8), 2.2)
    for side in (-1.0, 1.0):
        fold = rng.uniform(0.02, 0.07)
        smile = np.column_stack(
            [side * (0.19 + 0.20 * t + fold * np.sin(3.0 * t)), 6.97 - 0.42 * t]
        )
        draw(smile, rng.uniform(0.7, 1.1), 3.0)
        bag = np.column_stack([side * (0.15 + 0.30 * t), 7.14 - 0.07 * np.sin(np.pi * t)])
        draw(bag, rng.uniform(0.3, 0.8), 2.5)
        for number in range(int(rng.integers(2, 5))):  # beside the eye
            angle = (number - 1.3) * 0.38 + rng.normal(0, 0.07)
            reach = rng.uniform(0.07, 0.15) * t
            feet = np.column_stack(
                [
                    side * (0.56 + reach * np.cos(angle)),
                    7.27 + 0.02 * number + reach * np.sin(angle),
                ]
            )
            draw(feet, rng.uniform(0.3, 0.7), 1.6)
        frown = np.column_stack([side * (0.06 + 0.02 * t), 7.42 + 0.16 * t])
        draw(frown, rng.uniform(0.1, 0.6), 2.0)
    return -0.005 * strength * np.clip(furrows, 0, 1.2)
