"""What masks say about a source and a driver, and a driver's masks without their jitter."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
from tqdm import tqdm

_log = logging.getLogger(__name__)

# Below it hardly a pixel of the object in the source belongs to the object in the driver.
LITTLE_OVERLAP = 0.08
# Driving frames of which that is found out.
LOOKED_AT = 16
# Pixels at the border of a mask that the last convolution, 7x7, makes from padding.
SPOILT = 3


def nearest_mask(wanted: np.ndarray, masks: Iterable[np.ndarray]) -> int:
    """Index of the mask with the least mean absolute difference; the first of equal ones.

    Args:
      wanted: floating `[mask_size, mask_size, 1]`.
      masks: a stream of masks like it.
    """
    return int(np.argmin([float(np.abs(mask - wanted).mean()) for mask in masks]))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """How much of two objects is in the same place: intersection over union, in [0, 1]."""
    inside, other = object_pixels(first), object_pixels(second)
    return float((inside & other).sum() / max(1, (inside | other).sum()))


def whole_inside(mask: np.ndarray) -> np.ndarray:
    """A mask `[mask_size, mask_size, channels]` whose border, spoilt by padding, is filled in."""
    inner = mask[SPOILT:-SPOILT, SPOILT:-SPOILT]
    return np.pad(inner, ((SPOILT, SPOILT), (SPOILT, SPOILT), (0, 0)), mode="edge")


def object_pixels(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask that clearly differ from its median, the background; bool, of its shape.

    In either direction, since a network may as well learn masks that are dark where the object is.
    """
    distance = np.abs(mask - np.median(mask))
    return distance >= max(0.5 * float(np.quantile(distance, 0.99)), 1e-6)


class MaskSmoother:
    """Takes jitter out of a stream of masks.

    Args:
      share: x in [0, 1]; a mask becomes x of the smoothed one before and 1 - x of its own.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._past: np.ndarray | None = None

    def smoothed(self, mask: np.ndarray) -> np.ndarray:
        """The next mask of the stream; the first one stays as it is."""
        if self._past is not None:
            mask = self._share * self._past + (1 - self._share) * mask
        self._past = mask
        return mask


class OverlapWarning:
    """Warns once when the masks of source and driver hardly overlap.

    Args:
      name: of the pair, for the message.
    """

    def __init__(self, name: str):
        self._name = name
        self._seen: list[float] = []

    def look(self, source_mask: np.ndarray, driving_mask: np.ndarray) -> None:
        """Takes the masks of one driving frame, as `overlap`."""
        if len(self._seen) < LOOKED_AT:
            self._seen.append(overlap(source_mask, driving_mask))
            if len(self._seen) == LOOKED_AT:
                self._judge()

    def finish(self) -> None:
        """Judges a driver that is shorter."""
        if 0 < len(self._seen) < LOOKED_AT:
            self._judge()

    def _judge(self) -> None:
        mean = float(np.mean(self._seen))
        if mean < LITTLE_OVERLAP:
            # Progress bars make room for the line.
            with tqdm.external_write_mode():
                _log.warning(
                    "%s: the objects of source and driver hardly overlap (%.0f %%), expect a bad "
                    "result; crop both alike, for instance with --auto_crop",
                    self._name,
                    100 * mean,
                )
