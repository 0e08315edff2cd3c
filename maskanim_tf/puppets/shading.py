"""Shaders: how cloth looks, and how a rounded limb catches the light.

A canvas is float32 `[side, side, 4]`: red, green, blue and the coverage of the foreground, all in
[0, 1]. Positions and lengths here are in canvas pixels, continuous: the canvas spans [0, side] and
pixel (i, j) has its centre at i + 0.5.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Fabric:
    """Cloth, skin, hair or wood as a function of the position on a body part.

    Attributes:
        base: R'G'B' in [0, 1], `[3]`.
        second: the colour of the pattern, `[3]`.
        pattern: one of `PATTERNS`.
        period: length of one repetition of the pattern, in body heights.
    """

    base: np.ndarray
    second: np.ndarray
    pattern: str = "plain"
    period: float = 0.04

    def colors(self, along: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Colours `[h, w, 3]` at positions `[h, w]` along and across the part, in body heights."""
        if self.pattern == "plain":
            return np.broadcast_to(self.base, (*along.shape, 3))
        u, v = along / self.period, across / self.period
        odd_row, odd_column = (u % 1.0) < 0.5, ((v + 0.25) % 1.0) < 0.5
        weight = np.zeros(along.shape, np.float32)
        if self.pattern in ("hoops", "checks"):
            weight += odd_row
        if self.pattern in ("stripes", "checks"):
            weight += odd_column
        if self.pattern == "checks":
            weight *= 0.5
        if self.pattern == "dots":
            weight += ((u % 1.0) - 0.5) ** 2 + ((v % 1.0) - 0.5) ** 2 < 0.09
        return self.base + (self.second - self.base) * weight[..., None]


PATTERNS = ("plain", "hoops", "stripes", "checks", "dots")


@dataclasses.dataclass(frozen=True)
class Light:
    """One distant lamp and ambient light.

    Attributes:
        direction: unit vector towards the lamp, x right, y down, z to the viewer, `[3]`.
        ambient: share of the light that comes from everywhere, in [0, 1].
    """

    direction: np.ndarray
    ambient: float


@dataclasses.dataclass(frozen=True)
class Shape:
    """A rounded limb: an axis with a half-width along it.

    Attributes:
        fabric: what covers it from its start on.
        profile: half-widths in body heights at equal distances along the axis.
        cover: share of the axis that `fabric` covers; the rest shows `lining`.
        lining: what is underneath, needed when `cover` is less than one.
        flatness: how much shorter than round the two end caps are.
        length: natural length of the axis in body heights, along which the pattern repeats.
    """

    fabric: Fabric
    profile: tuple[float, ...]
    cover: float = 1.0
    lining: Fabric | None = None
    flatness: float = 1.0
    length: float = 0.1


def paint_shape(
    canvas: np.ndarray,
    owner: np.ndarray,
    identity: int,
    shape: Shape,
    ends: np.ndarray,
    scale: float,
    light: Light,
    squeeze: float = 1.0,
) -> None:
    """Paints one limb over the canvas, in place.

    Args:
        canvas: float32 `[side, side, 4]`.
        owner: int8 `[side, side]`; pixels that the limb covers receive `identity`.
        identity: number of the limb.
        shape: what to paint.
        ends: start and end of the axis in canvas pixels, `[2, 2]`.
        scale: canvas pixels per body height.
        light: the light.
        squeeze: factor on the half-widths, for a body seen from the side.
    """
    widths = np.asarray(shape.profile, np.float32) * np.float32(scale * squeeze)
    reach = float(widths.max()) + 2.0
    side = canvas.shape[0]
    x0, y0 = np.clip(np.floor(ends.min(axis=0) - reach), 0, side).astype(int)
    x1, y1 = np.clip(np.ceil(ends.max(axis=0) + reach), 0, side).astype(int)
    if x0 >= x1 or y0 >= y1:
        return
    start = ends[0].astype(np.float32)
    axis = (ends[1] - ends[0]).astype(np.float32)
    length = max(float(np.hypot(*axis)), 1e-3)
    ax, ay = axis / np.float32(length) if length > 0.01 else np.array([0.0, 1.0], np.float32)
    dx = np.arange(x0, x1, dtype=np.float32)[None, :] + np.float32(0.5) - start[0]
    dy = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5) - start[1]
    along, across = dx * ax + dy * ay, dy * ax - dx * ay
    clipped = np.clip(along, 0.0, length)
    beyond = (along - clipped) * np.float32(shape.flatness)
    position = clipped / np.float32(length)
    knots = np.linspace(0.0, 1.0, len(widths))
    half = np.interp(position, knots, widths).astype(np.float32)
    distance = np.sqrt(across * across + beyond * beyond)
    alpha = np.clip(half - distance + np.float32(0.5), 0.0, 1.0)

    # Normal of a surface that bulges towards the viewer; its tangential part points away from the
    # axis.
    inverse = 1.0 / half
    right = (beyond * ax - across * ay) * inverse
    down = (beyond * ay + across * ax) * inverse
    towards = np.sqrt(np.maximum(1.0 - right * right - down * down, 0.0))
    lit = right * light.direction[0] + down * light.direction[1] + towards * light.direction[2]
    brightness = light.ambient + (1.0 - light.ambient) * np.maximum(lit, 0.0)
    # A dark contour keeps an arm apart from a body in the same cloth.
    contour = np.clip((half - distance) / np.float32(0.009 * scale), 0.0, 1.0)
    brightness *= 0.55 + 0.45 * contour

    u, v = position * np.float32(shape.length), across / np.float32(scale * squeeze)
    colors = shape.fabric.colors(u, v)
    if shape.lining is not None and shape.cover < 1.0:
        inside = (position > shape.cover)[..., None]
        colors = np.where(inside, shape.lining.colors(u, v), colors)

    region = canvas[y0:y1, x0:x1]
    weight = alpha[..., None].astype(np.float32)
    region *= 1.0 - weight
    region[..., :3] += colors * (alpha * brightness)[..., None].astype(np.float32)
    region[..., 3] += alpha
    owner[y0:y1, x0:x1][alpha > 0.5] = identity
