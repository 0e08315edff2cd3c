"""Shirts: the cloth that covers the trunk, its neckline, pattern and folds."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from maskanim_tf.people.body import Body, load_body
from maskanim_tf.people.noise import noise_tile, smooth_step, solid_noise
from maskanim_tf.people.skin import Paint, encode_relief
from maskanim_tf.people.skin_map import fill_texture, split_seam

CUTS = ("crew", "crew", "scoop", "vee", "shirt", "shirt", "turtle", "hood", "boat")
_PATTERNS = ("none", "none", "none", "stripes", "bars", "check", "dots", "blotches", "heather")
_COARSE = 128
CLOTH_SIZE = 512
_AXIS_Z, _SLOPE = 0.25, 0.4
_LOW, CLOTH_HEIGHT = 1.4, 4.7  # of the texture, in decimetres
_NECK_RADIUS = 1.0  # necklines stay within this distance from the neck's axis
_SEED = 20262


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
        thickness: float32 `[vertices]`, distance from the body at each of its vertices.
        neckline: its edge.
        edge: float64 `[size]`, the neckline in texture coordinates: v in each column.
        colors: linear colours `[2, 3]` of cloth and pattern.
    """

    paint: Paint
    thickness: np.ndarray
    neckline: Neckline
    edge: np.ndarray
    colors: np.ndarray


class ClothMap:
    """Texture coordinates of the cloth and what lies at each texel; see `SkinMap`.

    Attributes:
        vertices: int32 `[n]`, the body's vertex behind each drawn one.
        uv: float32 `[n, 2]` of the drawn vertices.
        triangles: int32 `[t, 3]` over the drawn vertices.
        position: float32 `[size, size, 3]`, base shape at each texel, row 0 at the bottom.
        weave: float32 `[size, size]`, fine noise.
    """

    def __init__(self, body: Body, size: int = CLOTH_SIZE) -> None:
        uv = cloth_coordinates(body.rest)
        self.vertices, self.uv, self.triangles = split_seam(uv, body.parts["cloth"])
        points = body.rest[self.vertices]
        sampled = fill_texture(self.uv, points, _COARSE)
        wide = cv2.resize(sampled, (size, size), interpolation=cv2.INTER_LINEAR)
        # Triangles are large: without smoothing patterns would follow their edges.
        margin = size // 16
        wide = cv2.copyMakeBorder(wide, 0, 0, margin, margin, cv2.BORDER_WRAP)
        self.position = cv2.GaussianBlur(wide, (0, 0), size / 100)[:, margin:-margin].copy()
        self.weave = solid_noise(
            noise_tile(np.random.default_rng(_SEED), 1, 128), self.position, 2.0
        )

    def locate(self, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where places of the texture lie on the cloth.

        Args:
            uv: `[n, 2]`, u in [0, 1).

        Returns:
            Rows of `vertices` int `[n, 3]`, the corners of the triangle that holds each place, and
            their shares `[n, 3]`.
        """
        heights = self.uv[self.triangles, 1]
        near = (heights.max(axis=1) >= uv[:, 1].min()) & (heights.min(axis=1) <= uv[:, 1].max())
        triangles = self.triangles[near]
        corners = self.uv[triangles].astype(float)
        first = corners[:, 0]
        (ax, ay), (bx, by) = (corners[:, 1] - first).T, (corners[:, 2] - first).T
        area = ax * by - ay * bx
        area = np.where(np.abs(area) < 1e-9, np.inf, area)
        best = np.full(len(uv), -np.inf)
        chosen, shares = np.zeros((len(uv), 3), int), np.zeros((len(uv), 3))
        for turn in (0.0, 1.0):  # triangles on the seam reach beyond 1
            x, y = (uv[:, None] + [turn, 0.0] - first).transpose(2, 0, 1)
            second, third = (x * by - y * bx) / area, (ax * y - ay * x) / area
            inside = np.minimum(np.minimum(second, third), 1.0 - second - third)
            place = inside.argmax(axis=1)
            row = np.arange(len(uv))
            better = inside[row, place] > best
            best = np.maximum(best, inside[row, place])
            share = np.stack([second[row, place], third[row, place]], axis=1)
            share = np.concatenate([1.0 - share.sum(axis=1, keepdims=True), share], axis=1)
            chosen[better], shares[better] = triangles[place[better]], share[better]
        return chosen, shares


def cloth_coordinates(points: np.ndarray) -> np.ndarray:
    """`[n, 2]` in [0, 1] for points `[n, 3]`: round the trunk, and up and inwards."""
    x, z = points[:, 0], points[:, 2] - _AXIS_Z
    height = points[:, 1] - _SLOPE * np.minimum(np.hypot(x, z), 2.4)
    v = np.clip((height - _LOW) / CLOTH_HEIGHT, 0, 1)
    return np.stack([0.5 + np.arctan2(x, z) / (2 * np.pi), v], axis=1).astype(np.float32)


@functools.lru_cache(maxsize=2)
def load_cloth_map(size: int = CLOTH_SIZE) -> ClothMap:
    """The map of the body's cloth for textures of a size, made once in each process."""
    return ClothMap(load_body(), size)


def draw_cloth(rng: np.random.Generator, size: int = CLOTH_SIZE) -> Cloth:
    """Draws a shirt with textures of a size."""
    cloth_map = load_cloth_map(size)
    neckline = _draw_neckline(rng)
    colors = np.stack([random_color(rng), random_color(rng)])
    position = cloth_map.position
    x, y, z = cv2.split(position)
    turn = np.arctan2(x, z - _AXIS_Z)
    below = np.maximum(neckline.height(turn) - y, np.hypot(x, z - _AXIS_Z) - _NECK_RADIUS)
    edge = _edge(below)
    color = _pattern(position, colors, rng)
    tile = noise_tile(rng, 3, 4)
    color = color * np.exp(0.05 * cloth_map.weave)[..., None]
    stretched = position * np.float32([1.0, 0.55, 1.0])
    folds = 0.05 * solid_noise(tile, stretched, rng.uniform(0.10, 0.22), 2)
    folds = folds * smooth_step(0, 0.5, below)
    folds += 0.012 * solid_noise(tile, stretched + 5.0, 0.5, 2)
    if neckline.cut == "shirt":  # the placket and its buttons
        placket = np.abs(x - 0.03) + (z < 0.3)
        folds -= 0.012 * np.exp(-(((placket - 0.13) / 0.02) ** 2))
        button = np.hypot(placket, (y * 1.6) % 1.0 / 1.6 - 0.31) < 0.045
        color = np.where(button[..., None] & (below[..., None] > 0.1), color * 0.4 + 0.25, color)
    albedo = np.empty((size, size, 4), np.uint8)
    albedo[..., :3] = np.sqrt(np.clip(color, 0, 1)) * 255
    rows = (np.arange(size)[:, None] + 0.5) / size
    albedo[..., 3] = 255 * smooth_step(-0.03, 0.03, (edge - rows) * CLOTH_HEIGHT)
    gloss = np.full(x.shape, rng.uniform(0.02, 0.22), np.float32)
    loose = np.clip((5.9 - load_body().rest[:, 1]) / 1.5, 0, 1) * rng.uniform(0.02, 0.16)
    return Cloth(
        paint=Paint(albedo, encode_relief(folds, gloss, texel=CLOTH_SIZE / size / 60.0)),
        thickness=(0.085 + loose).astype(np.float32),
        neckline=neckline,
        edge=edge,
        colors=colors,
    )


def _edge(below: np.ndarray) -> np.ndarray:
    """The v where cloth ends in each column, from how far below the neckline texels lie."""
    size = len(below)
    low = size // 4
    open_air = below[low:] < 0.0
    row = low + np.where(open_air.any(axis=0), open_air.argmax(axis=0), size - 1 - low)
    column = np.arange(size)
    before, after = below[row - 1, column], below[row, column]
    share = np.clip(before / np.maximum(before - after, 1e-6), 0.0, 1.0)
    return gaussian_filter1d((row - 0.5 + share) / size, size / 170, mode="wrap")


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
