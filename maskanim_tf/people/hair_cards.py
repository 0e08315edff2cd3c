"""Turns strands into strips of triangles, and paints the texture of hair that they share."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import cv2
import numpy as np

from maskanim_tf.people.labels import HAIR
from maskanim_tf.people.pieces import STRANDS, Piece, unit
from maskanim_tf.people.skin import Paint
from maskanim_tf.people.traits import Traits

_COLUMNS, _WIDTH, _HEIGHT, _SEED = 4, 64, 256, 20260
_SHIFT = 4
# A hair of the texture: its places across and along a column, and what its chance width is below.
_Hair = tuple[np.ndarray, np.ndarray, int]


def cards(
    strands: np.ndarray,
    layer: np.ndarray,
    center: np.ndarray,
    traits: Traits,
    width: float,
    look: tuple[int, ...],
    rng: np.random.Generator,
) -> Piece:
    """Strips along strands.

    Args:
        strands: `[n, points, 3]`, roots first.
        layer: `[n]`, 0 inside to 1 outside.
        center: `[3]`, of the head: strips face away from it.
        traits: colours.
        width: of a strip.
        look: columns of the texture, for the layers from inside to outside.
        rng: random numbers.
    """
    count, points, _ = strands.shape
    tangent = unit(np.gradient(strands, axis=1))
    outward = strands - center
    outward[..., 1] *= np.where(outward[..., 1] < 0, 0.2, 1.0)
    outward = unit(outward)
    across = unit(np.cross(tangent, outward))
    facing = np.cross(across, tangent)
    along = np.linspace(0.0, 1.0, points)
    half = (
        0.5
        * width
        * rng.uniform(0.65, 1.35, (count, 1))
        * np.interp(along, [0, 0.15, 0.7, 1], [0.7, 1.0, 1.0, 0.75])
    )
    offset = across * half[..., None]
    positions = np.stack([strands - offset, strands + offset], axis=2)
    rounded = 0.65 * outward + 0.35 * facing
    normals = unit(np.stack([rounded - 0.45 * across, rounded + 0.45 * across], axis=2))
    column = np.array(look)[np.minimum((layer * len(look)).astype(int), len(look) - 1)]
    margin = 2.0 / _WIDTH
    u = (column[:, None, None] + np.array([margin, 1 - margin])) / _COLUMNS
    flip = rng.random(count) < 0.5
    u = np.where(flip[:, None, None], u[..., ::-1], u)
    uv = np.stack(np.broadcast_arrays(u, along[None, :, None]), axis=3)
    shade = np.clip(rng.normal(0.5, 0.14, count), 0, 1)
    occlusion = (0.35 + 0.65 * layer[:, None]) * np.interp(along, [0, 0.3], [0.75, 1.0])
    share = np.clip((strands[..., 1] - 5.1) / 1.2, 0, 1)
    share = share * share * (3 - 2 * share)
    tint = np.stack(np.broadcast_arrays(occlusion, shade[:, None], along[None], share), axis=2)
    start = 2 * points * np.arange(count)[:, None] + 2 * np.arange(points - 1)
    quads = start.reshape(-1, 1) + np.array([0, 1, 2, 1, 3, 2])
    return Piece(
        kind=STRANDS,
        label=HAIR,
        positions=positions.reshape(-1, 3).astype(np.float32),
        normals=normals.reshape(-1, 3).astype(np.float32),
        uv=uv.reshape(-1, 2).astype(np.float32),
        tint=np.repeat(tint.reshape(-1, 4), 2, axis=0).astype(np.float32),
        triangles=quads.reshape(-1, 3).astype(np.int32),
        paint=strand_texture(),
        tangents=np.repeat(tangent.reshape(-1, 3), 2, axis=0).astype(np.float32),
        colors=(traits.hair, traits.hair_tips),
        strip=2 * (points - 1),
    )


@functools.lru_cache(maxsize=1)
def strand_texture() -> Paint:
    """Four kinds of locks side by side: dense, combed out, wisps, curls; roots at row 0."""
    rng = np.random.default_rng(_SEED)
    columns = [
        _column(0.35, _lock(rng, 46, 4, 0.10), rng),
        _column(0.35, _lock(rng, 26, 4, 0.25), rng),
        _column(0.35, _lock(rng, 9, 3, 0.4), rng),
        _column(0.3, _curls(rng), rng),
    ]
    return Paint(np.concatenate(columns, axis=1), np.zeros((1, 1, 4), np.uint8))


def _lock(rng: np.random.Generator, count: int, widths: int, ragged: float) -> Iterator[_Hair]:
    t = np.linspace(0, 1, 24)
    for _ in range(count):
        start, drift = rng.uniform(4, _WIDTH - 4), rng.normal(0, 5)
        end = 1.0 - ragged * rng.random() ** 1.5 - 0.02
        x = start + drift * t + rng.normal(0, 1.5) * np.sin(3 * t + rng.uniform(0, 6))
        yield _WIDTH / 2 + (x - _WIDTH / 2) * (1 - 0.35 * t**2), t * end, widths


def _curls(rng: np.random.Generator) -> Iterator[_Hair]:
    t = np.linspace(0, 1, 140)
    for _ in range(11):
        turns, phase = rng.uniform(5, 9), rng.uniform(0, 6.28)
        x = rng.uniform(16, _WIDTH - 16) + rng.uniform(5, 12) * np.sin(turns * 6.28 * t + phase)
        yield x, t * rng.uniform(0.75, 0.98), 4


def _column(between: float, hairs: Iterator[_Hair], rng: np.random.Generator) -> np.ndarray:
    """A column of the texture; `between` is the tone where no hair is, each has one of its own."""
    tone = np.full((_HEIGHT, _WIDTH), between, np.float32)
    cover = np.zeros((_HEIGHT, _WIDTH), np.float32)
    for x, along, widths in hairs:
        line = np.int32(np.column_stack([np.clip(x, 2, _WIDTH - 3), along * _HEIGHT]) * 2**_SHIFT)
        width = int(rng.integers(1, widths))
        cv2.polylines(cover, [line], False, 1.0, width, cv2.LINE_AA, _SHIFT)
        cv2.polylines(tone, [line], False, rng.uniform(0.1, 1.0), width, cv2.LINE_AA, _SHIFT)
    pixels = np.zeros((_HEIGHT, _WIDTH, 4), np.uint8)
    sheen = cv2.GaussianBlur(rng.random(tone.shape).astype(np.float32), (0, 0), 1.0, 0, 24)
    sheen = (sheen - sheen.min()) / np.ptp(sheen)
    pixels[..., 0] = np.clip(cv2.GaussianBlur(tone, (0, 0), 0.6) * 255, 0, 255)
    pixels[..., 1] = 255 * sheen
    pixels[..., 3] = np.clip(cover * 255, 0, 255)
    return pixels
