"""Opacity from a mask, so that the subject of a result can stand before anything else.

A mask says where the object is at a quarter or half of the frame's side. It is enlarged, stretched
between the level of its background and that of its object, and laid along the edges of the frame by
a guided filter (He, Sun and Tang, Guided Image Filtering, 2010).
"""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.animation.masks import whole_inside

# Shares of the way from background to object below which nothing and above which all is opaque.
CLEAR, OPAQUE = 0.3, 0.7
# Of the guided filter: its reach in shares of the frame's side, and the contrast that is an edge.
REACH = 1 / 32
EDGE = 2e-3


def opacity(mask: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """How opaque each pixel of a result is.

    Args:
      mask: the refined mask, floating `[mask_size, mask_size, 1]` in [0, 1]; its object may be
        lighter or darker than its background, which reaches to the upper corners.
      frame: the result, floating `[size, size, 3]` in [0, 1].

    Returns:
      float32 `[size, size, 1]` in [0, 1]; 1 everywhere for a mask that shows no object.
    """
    size = len(frame)
    whole = whole_inside(mask)[..., 0].astype(np.float32)
    sides = whole[: len(whole) // 3]
    background = np.median(np.concatenate([whole[0], sides[:, 0], sides[:, -1]]))
    distance = np.abs(whole - background)
    strongest = float(np.quantile(distance, 0.98))
    if strongest < 1e-3:
        return np.ones((size, size, 1), np.float32)
    share = cv2.resize(distance / strongest, (size, size), interpolation=cv2.INTER_CUBIC)
    share = np.clip((share - CLEAR) / (OPAQUE - CLEAR), 0, 1)
    guide = cv2.cvtColor(frame.astype(np.float32), cv2.COLOR_RGB2GRAY)
    return np.clip(_guided(guide, share), 0, 1)[..., np.newaxis]


def _guided(guide: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values that change where the guide does: locally a linear function of it."""
    reach = 2 * max(1, round(REACH * len(guide))) + 1

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (reach, reach), borderType=cv2.BORDER_REFLECT)

    centre, level = mean(guide), mean(values)
    slope = (mean(guide * values) - centre * level) / (mean(guide * guide) - centre**2 + EDGE)
    return mean(slope) * guide + mean(level - slope * centre)
