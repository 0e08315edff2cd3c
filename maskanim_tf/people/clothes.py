"""Shirts: the cloth that covers the trunk, its neckline, pattern and folds."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

from maskanim_tf.people.body import Body, load_body
from maskanim_tf.people.noise import noise_tile, smooth_step, solid_noise
from maskanim_tf.people.scattered import fill_grid
from maskanim_tf.people.skin import Paint, encode_relief
from maskanim_tf.people.skin_map import split_seam

CUTS = ("crew", "crew", "scoop", "vee", "shirt", "shirt", "turtle", "hood", "boat")
_PATTERNS = ("none", "none", "none", "stripes", "bars", "check", "dots", "blotches", "heather")
_SIZE, _COARSE = 512, 128
_AXIS_Z, _SLOPE = 0.25, 0.4
_LOW, _HIGH = 1.4, 6.1
NECK_RADIUS = 1.0  # necklines stay within this distance from the neck's axis


@dataclasses.dataclass(frozen=True)
class Neckline:
    """Where the cloth ends round the neck.

    Attributes:
        front, side, back: heights of the edge in the base shape.
        sharpness: of the front: 1 round, above 1 narrower, below a V.
        cut: one of `CUTS`.
    """

    front: float
    side: float
    back: float
    sharpness: float
    cut: str

    def height(self, turn: np.ndarray) -> np.ndarray:
        """Height of the edge at angles round the neck (0 in front), in radians."""
        ahead = 0.5 + 0.5 * np.cos(turn)
        rear = self.back + (self.side - self.back) * np.sin(np.clip(np.abs(turn), 0, np.pi)) ** 2
        if self.cut in ("vee", "shirt"):
            dip = np.clip(1.0 - np.abs(turn) / self.sharpness, 0.0, 1.0)
        else:
            dip = ahead**self.sharpness
        return rear + (self.front - rear) * dip


@dataclasses.dataclass(frozen=True)
class Cloth:
    """The cloth over the trunk.

    Attributes:
        paint: textures; the albedo's alpha is 0 beyond the neckline.
        thickness: float32, distance from the body of each of its vertices.
        neckline: its edge.
        colors: linear colours `[2, 3]` of cloth and pattern.
    """

    paint: Paint
    thickness: np.ndarray
    neckline: Neckline
    colors: np.ndarray


class ClothMap:
    """Texture coordinates of the cloth and what lies at each texel; see `SkinMap`.

    Attributes:
        vertices: int32 `[n]`, the body's vertex behind each drawn one.
        uv: float32 `[n, 2]` of the drawn vertices.
        triangles: int32 `[t, 3]` over the drawn vertices.
        position: float32 `[size, size, 3]`, base shape at each texel, row 0 at the bottom.
    """

    def __init__(self, body: Body) -> None:
        uv = cloth_coordinates(body.rest)
        self.vertices, self.uv, self.triangles = split_seam(uv, body.parts["cloth"])
        points = body.rest[self.vertices]
        grid = (np.arange(_COARSE) + 0.5) / _COARSE
        sampled = fill_grid(self.uv, points, grid, grid, 1.0)
        wide = cv2.resize(sampled, (_SIZE, _SIZE), interpolation=cv2.INTER_LINEAR)
        # Triangles are large: without smoothing the neckline would follow their edges.
        wide = cv2.copyMakeBorder(wide, 0, 0, 32, 32, cv2.BORDER_WRAP)
        self.position = cv2.GaussianBlur(wide, (0, 0), 5.0)[:, 32:-32].copy()


def cloth_coordinates(points: np.ndarray) -> np.ndarray:
    """`[n, 2]` in [0, 1] for points `[n, 3]`: round the trunk, and up and inwards."""
    x, z = points[:, 0], points[:, 2] - _AXIS_Z
    height = points[:, 1] - _SLOPE * np.minimum(np.hypot(x, z), 2.4)
    v = np.clip((height - _LOW) / (_HIGH - _LOW), 0, 1)
    return np.stack([0.5 + np.arctan2(x, z) / (2 * np.pi), v], axis=1).astype(np.float32)


@functools.lru_cache(maxsize=1)
def load_cloth_map() -> ClothMap:
    """The map of the body's cloth, made once in each process."""
    return ClothMap(load_body())


def draw_cloth(rng: np.random.Generator) -> Cloth:
    """Draws a shirt."""
    cloth_map = load_cloth_map()
    neckline = _draw_neckline(rng)
    colors = np.stack([random_color(rng), random_color(rng)])
    position = cloth_map.position
    x, y, z = cv2.split(position)
    turn = np.arctan2(x, z - _AXIS_Z)
    below = np.maximum(neckline.height(turn) - y, np.hypot(x, z - _AXIS_Z) - NECK_RADIUS)
    color = _pattern(position, colors, rng)
    tile, weave = noise_tile(rng, 3, 4), noise_tile(rng, 1, 128)
    color = color * np.exp(0.05 * solid_noise(weave, position, 2.0))[..., None]
    stretched = position * np.float32([1.0, 0.55, 1.0])
    folds = (
        0.05 * solid_noise(tile, stretched, rng.uniform(0.10, 0.22)) * smooth_step(0, 0.5, below)
    )
    folds += 0.012 * solid_noise(tile, stretched + 5.0, 0.5)
    if neckline.cut == "shirt":  # the placket and its buttons
        placket = np.abs(x - 0.03) + (z < 0.3)
        folds -= 0.012 * np.exp(-(((placket - 0.13) / 0.02) ** 2))
        button = np.hypot(placket, (y * 1.6) % 1.0 / 1.6 - 0.31) < 0.045
        color = np.where(button[..., None] & (below[..., None] > 0.1), color * 0.4 + 0.25, color)
    albedo = np.empty((_SIZE, _SIZE, 4), np.uint8)
    albedo[..., :3] = np.sqrt(np.clip(color, 0, 1)) * 255
    albedo[..., 3] = 255 * smooth_step(-0.03, 0.03, below)
    gloss = np.full(x.shape, rng.uniform(0.02, 0.22), np.float32)
    points = load_body().rest[cloth_map.vertices]
    loose = np.clip((5.9 - points[:, 1]) / 1.5, 0, 1) * rng.uniform(0.02, 0.16)
    return Cloth(
        paint=Paint(albedo, encode_relief(folds, gloss, texel=1 / 60.0)),
        thickness=(0.085 + loose).astype(np.float32),
        neckline=neckline,
        colors=colors,
    )


def random_color(rng: np.random.Generator) -> np.ndarray:
    """A linear colour as cloth has it: often muted, sometimes strong."""
    value, strength = rng.beta(1.2, 1.3), rng.beta(1.1, 2.2)
    hsv = np.float32([[[rng.uniform(0, 360), strength, value]]])
    color = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].astype(float)
    return np.clip(color**2.0, 0.012, 0.85)


def _draw_neckline(rng: np.random.Generator) -> Neckline:
    cut = str(rng.choice(CUTS))
    side, back = rng.uniform(5.80, 5.90), rng.uniform(5.90, 6.0)
    front, sharpness = rng.uniform(5.62, 5.78), rng.uniform(0.8, 1.4)
    if cut == "scoop":
        front, side, sharpness = rng.uniform(5.1, 5.5), side - 0.05, rng.uniform(1.0, 1.8)
    elif cut == "vee":
        front, sharpness = rng.uniform(4.9, 5.4), rng.uniform(0.8, 1.2)
    elif cut == "shirt":
        front, sharpness = rng.uniform(5.2, 5.7), rng.uniform(0.4, 0.8)
    elif cut == "turtle":
        front, side, back = 5.85, 6.0, 6.05
    elif cut == "boat":
        front, side, sharpness = rng.uniform(5.6, 5.7), rng.uniform(5.66, 5.76), 0.7
    return Neckline(front, side, back, sharpness, cut)


def _pattern(position: np.ndarray, colors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colours of the cloth, linear `[size, size, 3]`."""
    kind, rate, phase = str(rng.choice(_PATTERNS)), rng.uniform(1.5, 6.0), rng.random()
    x, y, _ = cv2.split(position)
    blur = 0.12 + 0.02 * rate

    def wave(value: np.ndarray, share: float = 0.5) -> np.ndarray:
        place = np.abs((value * rate + phase) % 1.0 - 0.5) * 2
        return smooth_step(share - blur, share + blur, place)

    share = np.zeros_like(x)
    if kind == "stripes":
        share = wave(y, rng.uniform(0.3, 0.7))
    elif kind == "bars":
        share = wave(x, rng.uniform(0.3, 0.7))
    elif kind == "check":
        share = 0.5 * wave(x) + 0.5 * wave(y)
    elif kind == "dots":
        cell = np.hypot((x * rate) % 1.0 - 0.5, (y * rate) % 1.0 - 0.5)
        share = smooth_step(0.30, 0.22, cell)
    elif kind == "blotches":
        share = smooth_step(0.2, 0.5, solid_noise(noise_tile(rng, 3, 4), position, rate * 0.1))
    elif kind == "heather":
        share = np.clip(0.3 + 0.2 * solid_noise(noise_tile(rng, 2, 64), position, 0.8), 0, 1)
    return (colors[0] + (colors[1] - colors[0]) * share[..., None]).astype(np.float32)
