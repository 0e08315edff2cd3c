"""Relative motion: a driver's masks moved to where the source stands, before P_test.

The method copies the pose itself: an object arrives where it stands in the driver's picture, as
large as it is there. An alignment takes one frame of the driver for the source's own pose. It is
the shift and the scaling that lay the driver's mask of that frame over the source's, centre on
centre and of equal spread, and it moves all masks of the driver alike. What is left is the change
since that frame.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.animation.masks import object_pixels, whole_inside

# Masks that are further apart show no object of the same kind; more would only enlarge noise.
MOST_SCALING = 4.0


@dataclasses.dataclass(frozen=True)
class Alignment:
    """A scaling about a point and a shift of masks.

    Attributes:
      origin: centre of the driver's object in pixels of a mask, x and y.
      target: where that point arrives.
      scale: larger than 1 enlarges.
    """

    origin: tuple[float, float]
    target: tuple[float, float]
    scale: float

    def moved(self, mask: np.ndarray) -> np.ndarray:
        """A mask moved, bilinear; what comes in from outside is like what is near the border.

        Args:
          mask: float32 `[mask_size, mask_size, 1]` in [0, 1].

        Returns:
          The same shape, type and range.
        """
        shifts = [t - self.scale * o for t, o in zip(self.target, self.origin)]
        rows = np.array([[self.scale, 0, shifts[0]], [0, self.scale, shifts[1]]], np.float64)
        height, width = mask.shape[:2]
        size, border = (width, height), cv2.BORDER_REPLICATE
        moved = cv2.warpAffine(
            whole_inside(mask), rows, size, flags=cv2.INTER_LINEAR, borderMode=border
        )
        return moved.reshape(mask.shape)


def align(driving_mask: np.ndarray, source_mask: np.ndarray) -> Alignment:
    """What lays the driver's object over the source's.

    Args:
      driving_mask: of the chosen frame, floating `[mask_size, mask_size, 1]` in [0, 1].
      source_mask: likewise.

    Returns:
      Nothing moves where a mask shows no object.
    """
    from_centre, from_spread = _place(driving_mask)
    to_centre, to_spread = _place(source_mask)
    if not from_spread or not to_spread:
        return Alignment((0.0, 0.0), (0.0, 0.0), 1.0)
    scale = min(max(to_spread / from_spread, 1 / MOST_SCALING), MOST_SCALING)
    return Alignment(from_centre, to_centre, scale)


def _place(mask: np.ndarray) -> tuple[tuple[float, float], float]:
    """Centre of a mask's object and mean distance from it (root of the mean square), in pixels."""
    rows, columns = np.nonzero(object_pixels(mask)[..., 0])
    if not len(rows):
        return (0.0, 0.0), 0.0
    centre = float(columns.mean()), float(rows.mean())
    return centre, float(np.sqrt(columns.var() + rows.var()))
