"""A square that was animated goes back into the whole picture, without a seam that can be seen.

Two weights decide how much of a pixel is the result: one falls to zero at the rim of the square,
but for sides on the edge of the picture; the other is zero where neither the masks show the object
nor the result differs from its source, so that a still background keeps its own, sharper pixels. An
object is the result as a whole, since eyes of two kinds in one face are seen at once; and masks do
not decide alone, since they may fail.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np

from maskanim_tf.animation.masks import object_pixels, whole_inside
from maskanim_tf.media.fitting import Square

# Share of the square's side over which its rim is blended.
SOFT = 0.16
# Differences from the source, of values in [0, 1], that count as none and as change.
LEAST_CHANGE, SURE_CHANGE = 0.03, 0.09
# Of a changed pixel's surroundings, in shares of the side, and how much is left a frame later.
CHANGE_REACH = 0.08
AFTERGLOW = 0.85


class Paste:
    """Blends the results of one subject into pictures."""

    def __init__(self) -> None:
        self._changed: np.ndarray | None = None

    def into(
        self,
        picture: np.ndarray,
        square: Square,
        source: np.ndarray,
        frame: np.ndarray,
        masks: Sequence[np.ndarray] = (),
    ) -> None:
        """Blends one result in; pixels outside of the square are not touched.

        Args:
          picture: uint8 `[height, width, 3]`; it is changed.
          square: left, top and side in pixels; it may reach over the edge.
          source: what was cut there, float32 `[size, size, 3]` in [0, 1].
          frame: the result, of the same shape.
          masks: of the object in both, floating `[mask_size, mask_size, 1]`, if they are known.
        """
        changed = change_weights(source, frame)
        for mask in masks:
            changed = np.maximum(changed, object_weights(mask, len(frame)))
        if self._changed is not None:
            changed = np.maximum(changed, AFTERGLOW * self._changed)
        self._changed = changed
        left, top, side = square
        height, width = picture.shape[:2]
        rows = slice(max(0, top), min(height, top + side))
        columns = slice(max(0, left), min(width, left + side))
        inside = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        weights = cv2.resize(changed, (side, side), interpolation=cv2.INTER_LINEAR)
        weights *= rim_weights(square, height, width)
        method = cv2.INTER_AREA if side < len(frame) else cv2.INTER_CUBIC
        large = np.clip(cv2.resize(frame, (side, side), interpolation=method), 0, 1)[inside] * 255
        own = picture[rows, columns].astype(np.float32)
        blended = own + weights[inside][..., np.newaxis] * (large - own)
        picture[rows, columns] = np.rint(blended).astype(np.uint8)


@functools.lru_cache(maxsize=4)
def rim_weights(square: Square, height: int, width: int) -> np.ndarray:
    """1 inside of a square and 0 at its rim, float32 `[side, side]`; a picture's edge is no rim."""
    left, top, side = square
    across = _ramp(side, left > 0, left + side < width)
    down = _ramp(side, top > 0, top + side < height)
    return down[:, np.newaxis] * across


def change_weights(source: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """1 where a result differs from its source and around there, 0 elsewhere, float32."""
    size = len(frame)
    reach = max(1, round(CHANGE_REACH * size))
    # What is only less sharp is no change.
    blurred = [cv2.GaussianBlur(each, (0, 0), reach / 4) for each in (source, frame)]
    difference = np.abs(blurred[0] - blurred[1]).max(-1)
    weights = _smooth((difference - LEAST_CHANGE) / (SURE_CHANGE - LEAST_CHANGE))
    return _widened(weights, reach)


def object_weights(mask: np.ndarray, size: int) -> np.ndarray:
    """1 where a mask shows an object and around there, 0 elsewhere, float32 `[size, size]`."""
    shape = object_pixels(whole_inside(mask))[..., 0].astype(np.float32)
    large = cv2.resize(shape, (size, size), interpolation=cv2.INTER_LINEAR)
    return _widened(large, max(1, round(CHANGE_REACH * size)))


def _widened(weights: np.ndarray, reach: int) -> np.ndarray:
    wide = cv2.dilate(weights, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.clip(cv2.GaussianBlur(wide, (0, 0), reach / 2), 0, 1).astype(np.float32)


def _ramp(side: int, first: bool, last: bool) -> np.ndarray:
    """Weights along a side that rises from its first and falls to its last end, if asked for."""
    distance = np.arange(side, dtype=np.float32) / max(1.0, SOFT * side)
    ramp = np.ones(side, np.float32)
    if first:
        ramp *= _smooth(distance)
    if last:
        ramp *= _smooth(distance[::-1])
    return ramp


def _smooth(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a corner at either end."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
