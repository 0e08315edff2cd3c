"""Objects that stand or hang in the background."""

from __future__ import annotations

import numpy as np

from maskanim_tf.puppets.palette import muted_color


def paint_props(
    rng: np.random.Generator, picture: np.ndarray, horizon: float, *, outdoors: bool
) -> None:
    """Paints one to three objects into the picture, in place.

    Args:
        rng: decides which objects, where, and in which colours.
        picture: R'G'B' float32 `[side, side, 3]` in [0, 1].
        horizon: where the wall ends, as a share of the height.
        outdoors: whether poles and trees fit, rather than windows and picture frames.
    """
    painters = (_pole, _tree, _bush) if outdoors else (_window, _frame, _plant, _pole, _lamp)
    # Objects keep to the left and the right, where the figure does not always hide them.
    places = rng.permutation([0.1, 0.3, 0.7, 0.9])[: rng.integers(1, 4)]
    chosen = rng.choice(len(painters), size=len(places), replace=False)
    for kind, place in zip(chosen, places):
        painters[kind](rng, picture, float(place) + rng.uniform(-0.05, 0.05), horizon)


def _box(picture: np.ndarray, box: tuple[float, float, float, float], color: np.ndarray) -> None:
    """Fills a rectangle (left, top, right, bottom, in shares of the side) with smooth edges."""
    side = len(picture)
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    left, top, right, bottom = box
    columns = np.clip(np.minimum(centers - left, right - centers) * side + 0.5, 0.0, 1.0)
    rows = np.clip(np.minimum(centers - top, bottom - centers) * side + 0.5, 0.0, 1.0)
    _mix(picture, rows[:, None] * columns[None, :], color)


def _ellipse(
    picture: np.ndarray, x: float, y: float, rx: float, ry: float, color: np.ndarray
) -> None:
    side = len(picture)
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    radius = np.hypot((centers[None, :] - x) / rx, (centers[:, None] - y) / ry)
    _mix(picture, np.clip((1.0 - radius) * min(rx, ry) * side + 0.5, 0.0, 1.0), color)


def _mix(picture: np.ndarray, weight: np.ndarray, color: np.ndarray) -> None:
    picture += (color - picture) * weight[..., None]


def _pole(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    color, width = muted_color(rng, (0.2, 0.7), strength=(0.0, 0.05)), rng.uniform(0.012, 0.02)
    for shade, inner in ((0.7, 1.0), (1.0, 0.6)):
        _box(picture, (x - width * inner, -0.1, x + width * inner, horizon + 0.03), color * shade)
    _box(picture, (x - 2 * width, horizon + 0.01, x + 2 * width, horizon + 0.035), color * 0.6)


def _tree(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    bark = muted_color(rng, (0.2, 0.4), (115.0, 150.0), (0.03, 0.07))
    _box(picture, (x - 0.02, horizon - 0.45, x + 0.02, horizon + 0.02), bark)
    crown = horizon - rng.uniform(0.4, 0.5)
    for _ in range(7):
        leaf = muted_color(rng, (0.28, 0.48), (205.0, 225.0), (0.05, 0.09))
        dx, dy = rng.uniform(-0.08, 0.08), rng.uniform(-0.1, 0.1)
        _ellipse(picture, x + dx, crown + dy, 0.08, 0.07, leaf)


def _bush(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    for _ in range(6):
        leaf = muted_color(rng, (0.3, 0.5), (205.0, 225.0), (0.05, 0.09))
        _ellipse(
            picture,
            x + rng.uniform(-0.08, 0.08),
            horizon - rng.uniform(0.0, 0.06),
            0.06,
            0.045,
            leaf,
        )


def _window(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    frame = muted_color(rng, (0.75, 0.9), strength=(0.0, 0.03))
    glass = muted_color(rng, (0.6, 0.8), (325.0, 345.0), (0.04, 0.08))
    top, bottom = rng.uniform(0.08, 0.14), rng.uniform(0.38, 0.46)
    width = rng.uniform(0.1, 0.13)
    _box(picture, (x - width, top, x + width, bottom), frame)
    for column in (-1.0, 0.08):
        for row in (0.0, 0.52):
            height = bottom - top
            left, upper = x + width * 0.92 * column, top + height * (row + 0.04)
            _box(picture, (left, upper, left + 0.84 * width, upper + 0.42 * height), glass)


def _frame(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    y, width, height = rng.uniform(0.18, 0.3), rng.uniform(0.06, 0.1), rng.uniform(0.07, 0.1)
    wood = muted_color(rng, (0.2, 0.45), (115.0, 150.0), (0.03, 0.08))
    _box(picture, (x - width, y - height, x + width, y + height), wood)
    inner = (x - width + 0.015, y - height + 0.015, x + width - 0.015, y + height - 0.015)
    _box(picture, inner, muted_color(rng, (0.7, 0.9), strength=(0.0, 0.05)))
    for _ in range(3):
        blob = muted_color(rng, (0.3, 0.7), strength=(0.03, 0.1))
        dx, dy = rng.uniform(-0.4, 0.4, 2)
        _ellipse(picture, x + dx * width, y + dy * height, 0.35 * width, 0.35 * height, blob)


def _plant(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    floor = horizon + 0.05
    for _ in range(8):
        leaf = muted_color(rng, (0.3, 0.5), (205.0, 225.0), (0.06, 0.1))
        dx, dy = rng.uniform(-0.06, 0.06), rng.uniform(0.12, 0.28)
        _ellipse(picture, x + dx, floor - dy, 0.022, 0.06, leaf)
    pot = muted_color(rng, (0.35, 0.6), (110.0, 140.0), (0.05, 0.1))
    _box(picture, (x - 0.05, floor - 0.1, x + 0.05, floor), pot)
    _box(picture, (x - 0.06, floor - 0.11, x + 0.06, floor - 0.085), pot * 0.85)


def _lamp(rng: np.random.Generator, picture: np.ndarray, x: float, horizon: float) -> None:
    metal = muted_color(rng, (0.15, 0.35), strength=(0.0, 0.03))
    shade = muted_color(rng, (0.75, 0.88), (125.0, 170.0), (0.03, 0.08))
    top = rng.uniform(0.25, 0.35)
    _box(picture, (x - 0.008, top, x + 0.008, horizon + 0.04), metal)
    _box(picture, (x - 0.045, horizon + 0.025, x + 0.045, horizon + 0.045), metal)
    for step in range(6):
        width = 0.045 + 0.006 * step
        y = top - 0.06 + 0.02 * step
        _box(picture, (x - width, y, x + width, y + 0.02), shade * (1.0 - 0.02 * step))
