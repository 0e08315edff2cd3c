"""Pictures to stand behind a person: rooms, streets, greenery, walls, all out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.noise import noise_tile

_SIZE = 512
BACKGROUNDS = ("any", "plain", "busy")
_PLAIN = ("wall", "studio")
_BUSY = ("room", "room", "room", "street", "street", "greenery", "greenery", "night", "sky")


def draw_background(rng: np.random.Generator, background: str = "any") -> np.ndarray:
    """Draws a background.

    Args:
        rng: random numbers.
        background: one of `BACKGROUNDS`; a plain one is a wall or a studio's backdrop.

    Returns:
        RGB uint8 `[512, 512, 3]`, row 0 at the top.

    Raises:
        ValueError: if there is no such background.
    """
    if background not in BACKGROUNDS:
        raise ValueError(f"background is {background!r}: choose one of {', '.join(BACKGROUNDS)}")
    kinds = {"any": _PLAIN + _BUSY, "plain": _PLAIN, "busy": _BUSY}[background]
    kind = str(rng.choice(kinds))
    draw = {
        "room": _room,
        "street": _street,
        "greenery": _greenery,
        "wall": _wall,
        "night": _night,
        "studio": _studio,
        "sky": _sky,
    }[kind]
    light = draw(rng)  # linear, may exceed 1 where a lamp or the sky is
    blur = {"studio": 0.0, "wall": rng.choice([0.0, 1.5, 4.0])}.get(kind, rng.uniform(1.5, 16.0))
    if kind == "night":
        blur = rng.uniform(5.0, 16.0)
    light = _defocus(light, float(blur))
    light = light * np.exp(rng.normal(0.0, 0.25)) * _warmth(rng, 0.06)
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


def _warmth(rng: np.random.Generator, spread: float) -> np.ndarray:
    return np.exp(np.float32([1.0, 0.1, -1.1]) * np.float32(rng.normal(0, spread)))


def _color(rng: np.random.Generator, hue: float, strong: float, value: float) -> np.ndarray:
    """A linear colour; `strong` is the mean saturation, `value` the brightness."""
    hsv = [hue % 360, np.clip(rng.normal(strong, 0.12), 0, 1), np.clip(value, 0, 1)]
    return cv2.cvtColor(np.float32([[hsv]]), cv2.COLOR_HSV2RGB)[0, 0] ** 2.0


def _canvas(color: np.ndarray) -> np.ndarray:
    return np.ones((_SIZE, _SIZE, 3), np.float32) * np.asarray(color, np.float32)


def _gradient(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Light that falls off across a wall, `[size, size, 1]`, about 1."""
    y, x = np.mgrid[0:_SIZE, 0:_SIZE].astype(np.float32) / _SIZE - 0.5
    angle, center = rng.uniform(0, 2 * np.pi), rng.uniform(-0.7, 0.7, 2)
    linear = x * np.cos(angle) + y * np.sin(angle)
    spot = np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / 0.4)
    return np.exp(strength * (linear + 0.8 * (spot - 0.4)))[..., None]


def _texture(rng: np.random.Generator, strength: float, first: int = 8) -> np.ndarray:
    tile = noise_tile(rng, 4, first)
    return np.exp(strength * cv2.resize(tile, (_SIZE, _SIZE)))[..., None]


def _box(image: np.ndarray, place: tuple[float, ...], color: np.ndarray) -> None:
    """Fills a rectangle (left, top, right, bottom), in shares of the picture."""
    left, top, right, bottom = (round(each * _SIZE) for each in place)
    value = tuple(float(each) for each in color)
    cv2.rectangle(image, (left, top), (right - 1, bottom - 1), value, -1)


def _studio(rng: np.random.Generator) -> np.ndarray:
    color = _color(rng, rng.uniform(0, 360), rng.choice([0.05, 0.15, 0.5]), rng.uniform(0.1, 0.95))
    return _canvas(color) * _gradient(rng, rng.uniform(0.1, 1.6)) * _texture(rng, 0.02)


def _sky(rng: np.random.Generator) -> np.ndarray:
    y = np.linspace(0, 1, _SIZE, dtype=np.float32)[:, None, None]
    high = _color(rng, rng.uniform(200, 225), 0.45, rng.uniform(0.6, 0.95))
    low = _color(rng, rng.choice([30.0, 210.0]), 0.15, rng.uniform(0.8, 1.0))
    image = _canvas(high) * (1 - y) + low.astype(np.float32) * y
    clouds = cv2.resize(noise_tile(rng, 5, 4), (_SIZE, _SIZE))[..., None]
    cover = np.clip((clouds - rng.uniform(-0.3, 1.2)) / 1.2, 0, 1)
    image = image * (1 - cover) + cover * rng.uniform(0.7, 1.3)
    horizon = rng.uniform(0.55, 0.95)
    ridge = horizon + 0.04 * cv2.resize(noise_tile(rng, 3, 4), (_SIZE, _SIZE))[0]
    ground = y[..., 0] > ridge[None]
    color = _color(rng, rng.uniform(60, 140), 0.35, rng.uniform(0.2, 0.6))
    return np.where(ground[..., None], color * _texture(rng, 0.4, 16), image).astype(np.float32)


def _wall(rng: np.random.Generator) -> np.ndarray:
    hue = rng.uniform(0, 360)
    color = _color(rng, hue, rng.choice([0.08, 0.2, 0.45]), rng.uniform(0.25, 0.95))
    image = _canvas(color)
    kind = rng.choice(["plaster", "brick", "panels", "curtain", "tiles", "wood"])
    y, x = np.mgrid[0:_SIZE, 0:_SIZE].astype(np.float32) / _SIZE
    if kind == "brick":
        rows = rng.uniform(9, 20)
        row = np.floor(y * rows)
        column = np.floor(x * rows * 0.38 + 0.5 * (row % 2))
        tone = ((row * 12.9898 + column * 78.233) % 1.7) / 1.7
        joint = ((y * rows) % 1 < 0.12) | ((x * rows * 0.38 + 0.5 * (row % 2)) % 1 < 0.045)
        brick = _color(rng, rng.uniform(5, 35), 0.45, rng.uniform(0.35, 0.7))
        image = np.where(joint[..., None], 0.35, brick * (0.65 + 0.7 * tone[..., None]))
    elif kind in ("panels", "wood"):
        count = rng.uniform(4, 14)
        place = x * count
        tone = (np.floor(place) * 0.618) % 1.0
        image = image * (0.8 + 0.4 * tone[..., None] * (kind == "wood"))
        image = image * (1 - 0.5 * ((place % 1) < 0.04))[..., None]
        if kind == "wood":
            grain = cv2.resize(noise_tile(rng, 4, 16), (_SIZE, _SIZE * 8))[:_SIZE]
            image = image * np.exp(0.15 * grain)[..., None] * np.float32([1.1, 0.85, 0.6])
    elif kind == "curtain":
        fold = np.sin(x * rng.uniform(40, 110) + 3 * cv2.resize(noise_tile(rng, 2, 4), x.shape))
        image = image * (0.75 + 0.3 * fold[..., None])
    elif kind == "tiles":
        count = rng.uniform(6, 16)
        joint = ((x * count) % 1 < 0.06) | ((y * count) % 1 < 0.06)
        image = np.where(joint[..., None], image * 0.6, image)
    return (image * _texture(rng, rng.uniform(0.02, 0.12)) * _gradient(rng, 0.9)).astype(np.float32)


def _room(rng: np.random.Generator) -> np.ndarray:
    hue = rng.uniform(15, 60) if rng.random() < 0.6 else rng.uniform(0, 360)
    wall = _color(rng, hue, 0.15, rng.uniform(0.35, 0.9))
    image = _canvas(wall) * _gradient(rng, 0.8) * _texture(rng, 0.03)
    corner = rng.uniform(-0.2, 1.2)  # a second wall
    image[:, int(np.clip(corner, 0, 1) * _SIZE) :] *= rng.uniform(0.6, 1.1)
    if rng.random() < 0.3:  # ceiling
        _box(image, (0, 0, 1, rng.uniform(0.04, 0.15)), wall * 0.3 + 0.5)
    for _ in range(int(rng.integers(1, 3))):
        choice = rng.choice(["window", "shelf", "picture", "door", "shelf", "window"])
        left = rng.uniform(-0.1, 0.75)
        if choice == "window":
            _window(image, left, rng)
        elif choice == "shelf":
            _shelf(image, left, rng)
        elif choice == "door":
            tone = _color(rng, hue + rng.normal(0, 30), 0.3, rng.uniform(0.2, 0.9))
            _box(image, (left, 0.15, left + 0.28, 1), tone * 0.8)
            _box(image, (left + 0.02, 0.18, left + 0.26, 1), tone)
        else:
            for _ in range(int(rng.integers(1, 5))):
                x, y = rng.uniform(0, 0.9), rng.uniform(0.05, 0.45)
                w, h = rng.uniform(0.06, 0.22, 2)
                _box(image, (x, y, x + w, y + h), _color(rng, 30, 0.3, rng.uniform(0.05, 0.9)))
                inner = _color(rng, rng.uniform(0, 360), 0.35, rng.uniform(0.2, 0.9))
                _box(image, (x + 0.012, y + 0.012, x + w - 0.012, y + h - 0.012), inner)
    if rng.random() < 0.5:  # a sofa or a table in front of the wall
        top, tone = (
            rng.uniform(0.65, 0.9),
            _color(rng, rng.uniform(0, 360), 0.3, rng.uniform(0.1, 0.8)),
        )
        left = rng.uniform(-0.4, 0.5)
        _box(image, (left, top, left + rng.uniform(0.5, 1.2), 1), tone)
        _box(image, (left, top, left + rng.uniform(0.5, 1.2), top + 0.03), tone * 1.4)
    for _ in range(int(rng.integers(0, 3))):  # lamps
        center = tuple(int(v) for v in rng.uniform(0.05, 0.95, 2) * [_SIZE, _SIZE * 0.5])
        lamp = 3.5 * _color(rng, 38, 0.3, 1.0)
        cv2.circle(image, center, int(rng.uniform(5, 22)), tuple(lamp.tolist()), -1)
    if rng.random() < 0.4:
        _leaves(image, rng, 60, (rng.uniform(0, 1), rng.uniform(0.4, 0.9)), 0.14)
    return image.astype(np.float32)


def _window(image: np.ndarray, left: float, rng: np.random.Generator) -> None:
    top, width, height = rng.uniform(0.02, 0.2), rng.uniform(0.2, 0.5), rng.uniform(0.4, 0.7)
    sky = _color(rng, 210, 0.15, 1.0) * rng.uniform(0.9, 3.0)
    frame = np.full(3, rng.choice([0.05, 0.6, 0.85]))
    _box(image, (left - 0.02, top - 0.02, left + width + 0.02, top + height + 0.02), frame)
    _box(image, (left, top, left + width, top + height), sky)
    green = _color(rng, rng.uniform(70, 140), 0.4, rng.uniform(0.3, 0.8)) * 1.2
    _box(image, (left, top + height * rng.uniform(0.4, 0.95), left + width, top + height), green)
    panes = int(rng.integers(1, 4))
    for number in range(1, panes):
        x = left + width * number / panes
        _box(image, (x - 0.008, top, x + 0.008, top + height), frame)
    if rng.random() < 0.4:  # blinds
        for y in np.arange(top, top + height, 0.025):
            _box(image, (left, y, left + width, y + 0.012), np.full(3, 0.7))


def _shelf(image: np.ndarray, left: float, rng: np.random.Generator) -> None:
    width, board = rng.uniform(0.3, 0.8), _color(rng, 30, 0.4, rng.uniform(0.15, 0.8))
    _box(image, (left, 0.0, left + width, 1), board * 0.35)
    y = rng.uniform(-0.1, 0.05)
    while y < 1:
        height = rng.uniform(0.11, 0.2)
        x = left + 0.01
        while x < left + width - 0.02:
            thick = rng.uniform(0.008, 0.035)
            if rng.random() < 0.85:
                tone = _color(rng, rng.uniform(0, 360), 0.4, rng.beta(1.5, 1.3))
                _box(image, (x, y + height * rng.uniform(0.1, 0.4), x + thick, y + height), tone)
            x += thick * rng.choice([1.0, 1.0, 1.0, 2.5])
        _box(image, (left, y + height, left + width, y + height + 0.015), board)
        y += height + 0.015


def _leaves(
    image: np.ndarray, rng: np.random.Generator, count: int, center: tuple, spread: float
) -> None:
    hue = rng.uniform(70, 135)
    for _ in range(count):
        place = (np.array(center) + rng.normal(0, spread, 2)) * _SIZE
        size = (int(rng.uniform(4, 26)), int(rng.uniform(2, 9)))
        tone = _color(rng, hue + rng.normal(0, 12), 0.55, rng.beta(1.5, 2.0) * 1.1)
        spot = tuple(int(v) for v in place)
        cv2.ellipse(image, spot, size, rng.uniform(0, 180), 0, 360, tuple(tone.tolist()), -1)


def _greenery(rng: np.random.Generator) -> np.ndarray:
    hue = rng.uniform(65, 140) if rng.random() < 0.85 else rng.uniform(15, 50)
    image = _canvas(_color(rng, hue, 0.5, rng.uniform(0.15, 0.4)))
    image = image * _texture(rng, 0.5, 4)
    sun = rng.uniform(0.2, 1.0)
    for _ in range(int(rng.integers(120, 420))):  # clumps of foliage, dark behind, light in front
        place = tuple(int(v) for v in rng.uniform(-0.05, 1.05, 2) * _SIZE)
        tone = _color(rng, hue + rng.normal(0, 14), 0.5, rng.beta(1.5, 2.2))
        axes = (int(rng.uniform(4, 45)), int(rng.uniform(3, 25)))
        cv2.ellipse(image, place, axes, rng.uniform(0, 180), 0, 360, tuple(tone.tolist()), -1)
    for _ in range(int(rng.integers(0, 7))):  # trunks
        x, thick = rng.uniform(0, 1), rng.uniform(0.01, 0.06)
        _box(image, (x, 0, x + thick, 1), _color(rng, 28, 0.35, rng.uniform(0.08, 0.4)))
    for _ in range(int(rng.integers(0, 160) * sun)):  # sky through the leaves
        place = tuple(int(v) for v in rng.uniform(0, 1, 2) * [_SIZE, _SIZE * 0.7])
        tone = _color(rng, rng.choice([50.0, 210.0]), 0.12, 1.0) * rng.uniform(1.5, 7.0)
        cv2.circle(image, place, int(rng.uniform(1, 5)), tuple(tone.tolist()), -1)
    if rng.random() < 0.5:
        lawn = _color(rng, rng.uniform(75, 115), 0.5, rng.uniform(0.4, 0.8))
        top = rng.uniform(0.6, 0.9)
        _box(image, (0, top, 1, 1), lawn)
        image[int(top * _SIZE) :] *= _texture(rng, 0.25, 16)[int(top * _SIZE) :]
    return image.astype(np.float32)


def _street(rng: np.random.Generator) -> np.ndarray:
    image = _sky(rng) if rng.random() < 0.5 else _canvas(np.full(3, rng.uniform(0.5, 1.6)))
    x = -0.1
    while x < 1:
        width, top = rng.uniform(0.12, 0.4), rng.uniform(-0.1, 0.5)
        tone = _color(rng, rng.uniform(10, 60), 0.22, rng.uniform(0.25, 0.85))
        _box(image, (x, top, x + width, 1), tone)
        pane = _color(rng, 210, 0.2, rng.uniform(0.1, 0.5))
        columns, rows = int(rng.integers(2, 7)), int(rng.integers(4, 11))
        for column in range(columns):
            for row in range(rows):
                left = x + width * (column + 0.25) / columns
                high = top + 0.04 + 0.75 * row / rows
                lit = pane * rng.choice([0.6, 1.0, 1.6, 5.0], p=[0.35, 0.4, 0.2, 0.05])
                _box(image, (left, high, left + width * 0.5 / columns, high + 0.42 / rows), lit)
        x += width
    road = rng.uniform(0.75, 0.95)
    _box(image, (0, road, 1, 1), np.full(3, rng.uniform(0.1, 0.35)))
    for _ in range(int(rng.integers(0, 6))):  # cars, signs, people
        x, y, hue = rng.uniform(0, 1), road - rng.uniform(0.0, 0.12), rng.uniform(0, 360)
        w, h = rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.16)
        _box(image, (x, y, x + w, y + h), _color(rng, hue, 0.6, rng.uniform(0.1, 0.9)))
    for _ in range(int(rng.integers(0, 14))):
        place = tuple(int(v) for v in rng.uniform(0, 1, 2) * _SIZE)
        tone = _color(rng, rng.uniform(0, 60), 0.4, 1.0) * 4.0
        cv2.circle(image, place, int(rng.uniform(1, 4)), tuple(tone.tolist()), -1)
    if rng.random() < 0.5:
        _leaves(image, rng, 250, (rng.uniform(0, 1), rng.uniform(0, 0.5)), 0.2)
    return (image * _texture(rng, 0.06)).astype(np.float32)


def _night(rng: np.random.Generator) -> np.ndarray:
    image = _canvas(_color(rng, rng.uniform(200, 270), 0.4, rng.uniform(0.05, 0.25)))
    image = image * _gradient(rng, 1.5)
    for _ in range(int(rng.integers(25, 120))):
        place = tuple(int(v) for v in rng.normal(0.5, [0.35, 0.2], 2) * _SIZE)
        hue = rng.choice(
            [35.0, 45.0, 210.0, 0.0, 120.0, 300.0], p=[0.4, 0.2, 0.15, 0.12, 0.06, 0.07]
        )
        tone = _color(rng, hue, 0.55, 1.0) * rng.uniform(2.0, 30.0)
        cv2.circle(image, place, int(rng.choice([1, 2, 2, 3])), tuple(tone.tolist()), -1)
    return image.astype(np.float32)
