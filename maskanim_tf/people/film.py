"""What a camera does to light: grading, soft focus, grain, compression."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

_TILE, _SEED = 640, 20263
# Pixels below which motion is not seen; OpenCV's fractional bits of a place.
_LEAST_SMEAR, _SHIFT = 1.0, 4


@dataclasses.dataclass(frozen=True)
class Film:
    """How pictures are developed.

    Attributes:
        curves: uint8 `[256, 3]`, output level of each channel for each input level.
        saturation: 1 leaves colours as they are.
        blur: standard deviation of soft focus at 256 pixels across, pixels.
        sharpen: strength of sharpening.
        grain: standard deviation of noise, levels.
        coarse: size of the grain, pixels.
        quality: of JPEG, 1 to 100, or 0 for no compression.
        seed: of the grain.
        shutter: how long it is open, seconds.
    """

    curves: np.ndarray
    saturation: float
    blur: float
    sharpen: float
    grain: float
    coarse: float
    quality: int
    seed: int
    shutter: float = 0.0

    def develop(self, image: np.ndarray, seconds: float) -> np.ndarray:
        """RGB uint8 `[size, size, 3]` to the same; `seconds` chooses the grain."""
        size = image.shape[1]
        blur = self.blur * size / 256
        if blur > 0.3:
            image = cv2.GaussianBlur(image, (0, 0), blur)
        if self.sharpen:
            soft = cv2.GaussianBlur(image, (0, 0), 1.0)
            image = cv2.addWeighted(image, 1 + self.sharpen, soft, -self.sharpen, 0)
        image = cv2.LUT(image, self.curves.reshape(1, 256, 3))
        if abs(self.saturation - 1.0) > 0.02:
            grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            image = cv2.addWeighted(image, self.saturation, grey, 1 - self.saturation, 0)
        if self.grain > 0.3:
            image = self._add_grain(image, seconds)
        if self.quality:
            flags = [cv2.IMWRITE_JPEG_QUALITY, self.quality]
            image = cv2.imdecode(cv2.imencode(".jpg", image, flags)[1], cv2.IMREAD_COLOR)
        return image

    def smear(self, image: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Blurs uint8 `[size, size, ...]` along a motion of `velocity` pixels a second."""
        way = velocity * self.shutter
        reach = int(np.ceil(0.5 * np.abs(way).max()))
        if np.hypot(*way) < _LEAST_SMEAR:
            return image
        line = np.zeros((2 * reach + 3, 2 * reach + 3), np.float32)
        ends = np.round((reach + 1 + np.outer([-0.5, 0.5], way)) * 2**_SHIFT).astype(int)
        cv2.line(line, ends[0].tolist(), ends[1].tolist(), 1.0, 1, cv2.LINE_AA, _SHIFT)
        return cv2.filter2D(image, -1, line / line.sum(), borderType=cv2.BORDER_REPLICATE)

    def _add_grain(self, image: np.ndarray, seconds: float) -> np.ndarray:
        rng = np.random.default_rng([self.seed, round(seconds * 1000)])
        tile = _grain_tile(self.coarse)
        size = len(image)
        left, top = rng.integers(0, len(tile) - size, 2)
        noise = tile[top : top + size, left : left + size][:: rng.choice([-1, 1])]
        # Shadows are noisier than lights once the curve has lifted them.
        weight = image * np.float32(-self.grain / 340) + np.float32(1.25 * self.grain)
        weight *= noise
        return cv2.add(image, weight, dtype=cv2.CV_8U)


@functools.lru_cache(maxsize=2)
def _grain_tile(coarse: float) -> np.ndarray:
    """Noise of deviation 1, float32 `[640, 640, 3]`; frames show different places of it."""
    noise = np.random.default_rng(_SEED).standard_normal((_TILE, _TILE, 3), np.float32)
    if coarse > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), coarse) * (1 + 2.2 * coarse)
    return noise


def draw_film(rng: np.random.Generator) -> Film:
    """Draws a film."""
    levels = np.linspace(0, 1, 256)[:, None]
    gamma = np.exp(rng.normal(0.0, 0.09))
    balance = np.exp(rng.normal(0, 0.035, 3))
    contrast = rng.uniform(-0.15, 0.5)
    black, white = rng.uniform(0, 0.05), rng.uniform(0.95, 1.0)
    value = np.clip(levels**gamma * balance, 0, 1)
    value = value + contrast * (value * value * (3 - 2 * value) - value)
    value = black + (white - black) * value
    return Film(
        curves=(np.clip(value, 0, 1) * 255 + 0.5).astype(np.uint8),
        saturation=float(rng.uniform(0.75, 1.2)),
        blur=float(rng.choice([0.0, 0.0, 0.0, 0.6, 1.0])),
        sharpen=float(rng.choice([0.0, 0.0, 0.4, 0.9])),
        grain=float(rng.choice([0.0, 1.0]) * rng.gamma(1.5, 2.0)),
        coarse=float(rng.choice([0.0, 0.0, 0.7])),
        quality=int(rng.choice([0, 92, 80, 60])),
        seed=int(rng.integers(2**31)),
        shutter=float(rng.choice([0.002, 0.008, 0.016, 0.024])),
    )
