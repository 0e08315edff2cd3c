"""A small mark that everybody sees on a synthetic picture."""

from __future__ import annotations

import cv2
import numpy as np

LABEL = "SYNTHETIC"
FONT = cv2.FONT_HERSHEY_SIMPLEX
# Height of its letters in shares of the picture's shorter side, and in pixels at least.
SHARE, LEAST = 0.03, 7
# How much of the picture is left behind the letters.
SHADE = 0.45


def marked(picture: np.ndarray) -> np.ndarray:
    """A copy with the label in its lower left corner.

    Args:
      picture: uint8 `[height, width, 3]`, RGB, or 4 with opacity, which the mark is given.
    """
    height, width = picture.shape[:2]
    letters = max(LEAST, round(SHARE * min(height, width)))
    scale, weight = cv2.getFontScaleFromHeight(FONT, letters), max(1, letters // 10)
    (across, _), below = cv2.getTextSize(LABEL, FONT, scale, weight)
    margin = max(2, letters // 2)
    top, right = max(0, height - letters - below - 2 * margin), min(width, across + 2 * margin)
    result = picture.copy()
    corner = np.ascontiguousarray(result[top:, :right, :3])
    corner = (SHADE * corner).astype(np.uint8)
    place = (margin, margin + letters)
    cv2.putText(corner, LABEL, place, FONT, scale, (255, 255, 255), weight, cv2.LINE_AA)
    result[top:, :right, :3] = corner
    result[top:, :right, 3:] = 255
    return result
