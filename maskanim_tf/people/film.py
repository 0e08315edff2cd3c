"""What a camera does to light: depth of field, motion blur, grading, grain, compression."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

_TILE, _SEED = 640, 20263
# Pixels below which motion is not seen; OpenCV's fractional bits of a place.
_LEAST_SMEAR, _SHIFT = 1.0, 4
# Standard deviations below which blur is not seen, and above which it is not drawn (as a share of
# the picture). That of a disc is a quarter of its diameter.
_LEAST_BLUR, _MOST_BLUR, _DISC = 0.3, 0.02, 0.25
# Where the motion of the head gives way to that of the chest, on the way from face to breastbone.
_NECK = 0.45, 0.75


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
        aperture: diameter of the lens, decimetres; 0 draws all depths sharp.
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
    aperture: float = 0.0

    def develop(self, image: np.ndarray, seconds: float) -> np.ndarray:
        """RGB uint8 `[size, size, 3]` to the same; `seconds` chooses the grain."""
        size = image.shape[1]
        blur = self.blur * size / 256
        if blur > _LEAST_BLUR:
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

    def defocus(
        self, image: np.ndarray, depth: np.ndarray, focus: float, scale: float
    ) -> np.ndarray:
        """Blurs what lies before or behind the plane that is sharp.

        Args:
            image: uint8 `[size, size, 4]`.
            depth: float32 `[size, size]`, distances along the view axis, decimetres.
            focus: distance of the sharp plane.
            scale: pixels per decimetre there.

        Returns:
            The same as `image`.
        """
        if not self.aperture:
            return image
        widest = np.float32(_DISC * self.aperture * scale)
        drawn = depth < 2 * focus
        spread = np.where(drawn, widest * np.abs(1.0 - focus / depth), np.float32(0.0))
        if spread.max() < _LEAST_BLUR:
            return image
        # The blur of an edge reaches beyond it, to where nothing is.
        most = _MOST_BLUR * len(image)
        reach = int(np.ceil(2 * most))
        beyond = cv2.dilate(spread, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
        spread = np.where(drawn, spread, beyond)
        half, full = (cv2.GaussianBlur(image, (0, 0), each) for each in (0.5 * most, most))
        # Shares that give the mixture the variance that is wanted, in units of the half blur's.
        variance = np.square(spread * np.float32(2.0 / most))
        near = _blend(half, image, np.minimum(variance, 1.0))
        return _blend(full, near, np.clip((variance - 1.0) / 3.0, 0.0, 1.0))

    def smear(self, image: np.ndarray, ways: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Blurs along the motions of head and chest while the shutter is open.

        Args:
            image: uint8 `[size, size, ...]`.
            ways: `[2, 2]`, (x, y) of head and chest, pixels a second.
            places: `[2, 2]`, (x, y) of face and breastbone, pixels.
        """
        head, chest = (self._streaked(image, way * self.shutter) for way in ways)
        if head is chest:
            return image
        size = len(image)
        rows = places[0, 1] + np.multiply(_NECK, places[1, 1] - places[0, 1])
        share = np.interp(np.arange(size) + 0.5, rows, (1.0, 0.0)).astype(np.float32)
        return _blend(head, chest, np.tile(share[:, None], size))

    def _streaked(self, image: np.ndarray, way: np.ndarray) -> np.ndarray:
        """The image blurred along `way` in pixels; itself if that would not be seen."""
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


def _blend(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`one` where the share is 1, `other` where it is 0; float32 `[size, size]`."""
    return cv2.blendLinear(one, other, share, 1.0 - share)


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
    balance = np.exp(rng.normal(0, 0.022, 3))
    contrast = rng.uniform(-0.15, 0.5)
    black, white = rng.uniform(0, 0.05), rng.uniform(0.95, 1.0)
    value = np.clip(levels**gamma * balance, 0, 1)
    value = value + contrast * (value * value * (3 - 2 * value) - value)
    value = black + (white - black) * value
    return Film(
        curves=(np.clip(value, 0, 1) * 255 + 0.5).astype(np.uint8),
        saturation=float(rng.uniform(0.88, 1.2)),
        blur=float(rng.choice([0.0, 0.0, 0.0, 0.6, 1.0])),
        sharpen=float(rng.choice([0.0, 0.0, 0.4, 0.9])),
        grain=float(rng.choice([0.0, 1.0]) * rng.gamma(1.5, 2.0)),
        coarse=float(rng.choice([0.0, 0.0, 0.7])),
        quality=int(rng.choice([0, 92, 80, 60])),
        seed=int(rng.integers(2**31)),
        shutter=float(rng.choice([0.002, 0.008, 0.016, 0.024])),
        aperture=float(rng.choice([0.0, 0.0, 0.3, 0.6, 1.2])),
    )
