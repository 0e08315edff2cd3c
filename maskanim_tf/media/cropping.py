"""Where the object is: what moves in a video, what stands out from the border of a picture.

Both give a map of evidence at a small size. Otsu's threshold parts it in two, and the box holds
nearly all of the upper part, so that single pixels far away do not count.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

MAP_SIDE = 128  # The longer side of the maps in pixels.
KEPT = 0.98  # Share of the object's evidence that the box must hold in either direction.
MARGIN = 0.18  # Of the box's longer side, added all around.
# Mean difference of 8-bit values below which nothing moves, and nothing stands out.
LEAST_MOTION = 0.5
LEAST_CONTRAST = 8.0
# Part of a salient region that must move, for the region to belong to what moves.
FAIR_SHARE = 0.1
# Share of the longer side that may lie between parts of one object.
JOINED = 0.04
# Share of the largest object that another one has at least.
LEAST_PART = 0.1


def object_box(frames: Iterable[np.ndarray]) -> tuple[int, int, int, int] | None:
    """A box around the moving or, in a single or still frame, salient object.

    Args:
      frames: uint8 `[height, width, 3]` of one size.

    Returns:
      left, top, right, bottom in pixels, right and bottom exclusive, inside the picture; None where
      nothing moves and nothing stands out.

    Raises:
      ValueError: there is no frame.
    """
    inside, height, width = _object_map(frames)
    return _box_around(inside, height, width) if inside.any() else None


def object_boxes(frames: Iterable[np.ndarray]) -> list[tuple[int, int, int, int]]:
    """A box around each object, as `object_box` has it, from left to right.

    What is nearer to each other than `JOINED` of the longer side is one object, and what is much
    smaller than the largest is none.
    """
    inside, height, width = _object_map(frames)
    reach = max(1, round(JOINED * max(inside.shape) / 2))
    joined = cv2.dilate(inside.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    parts = [inside & (labels == label) for label in range(1, count)]
    largest = max((part.sum() for part in parts), default=0)
    kept = [part for part in parts if part.sum() >= LEAST_PART * largest]
    return sorted(_box_around(part, height, width) for part in kept)


def _object_map(frames: Iterable[np.ndarray]) -> tuple[np.ndarray, int, int]:
    """Where objects are, bool at a small size; height and width of the frames."""
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError("there is no frame to find an object in")
    height, width = first.shape[:2]
    past = _small(first)
    motion = np.zeros(past.shape[:2], np.float32)
    for small in map(_small, frames):
        # The largest change counts, not the sum: a limb that moves once belongs to the object.
        motion = np.maximum(motion, np.abs(small - past).mean(-1))
        past = small
    salient = _upper_part(saliency(first), LEAST_CONTRAST)
    moving = _upper_part(motion, LEAST_MOTION)
    # Legs belong to the object also where only arms move.
    inside = moving | _touching(salient, moving) if moving.any() else salient
    return inside, height, width


def saliency(frame: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest colour of the top, left and right border.

    The lower border is left out: portraits are cut off there.

    Args:
      frame: uint8 `[height, width, 3]`.

    Returns:
      float32 `[map height, map width]`, in 8-bit units of CIE L*a*b*.
    """
    small = cv2.GaussianBlur(_small(frame), (0, 0), 1.5)
    lab = cv2.cvtColor(small.astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    border = np.concatenate([lab[0, ::2], lab[::2, 0], lab[::2, -1]])
    distance = np.full(lab.shape[:2], np.inf, np.float32)
    for color in border:
        np.minimum(distance, np.linalg.norm(lab - color, axis=-1), out=distance)
    return distance


def _small(frame: np.ndarray) -> np.ndarray:
    scale = min(1.0, MAP_SIDE / max(frame.shape[:2]))
    height, width = (max(1, round(scale * side)) for side in frame.shape[:2])
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


def _upper_part(evidence: np.ndarray, least: float) -> np.ndarray:
    """Where a map lies above Otsu's threshold, bool; nowhere if its peak is below `least`."""
    peak = float(evidence.max())
    if peak < least:
        return np.zeros(evidence.shape, bool)
    levels = (evidence * (255 / peak)).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return levels > threshold


def _touching(candidates: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The connected parts of `candidates` of which a fair share lies in `region`, both bool."""
    _, labels = cv2.connectedComponents(candidates.astype(np.uint8))
    sizes = np.bincount(labels.ravel())
    shared = np.bincount(labels[region].ravel(), minlength=len(sizes))
    touched = shared >= FAIR_SHARE * sizes
    touched[0] = False  # What is no candidate.
    return touched[labels]


def _box_around(inside: np.ndarray, height: int, width: int) -> tuple[int, int, int, int]:
    """The box of a bool map, in pixels of a picture of this size."""
    left, right = _span(inside.sum(0))
    top, bottom = _span(inside.sum(1))
    across, down = width / inside.shape[1], height / inside.shape[0]
    margin = MARGIN * max((right - left) * across, (bottom - top) * down)
    return (
        max(0, round(left * across - margin)),
        max(0, round(top * down - margin)),
        min(width, round(right * across + margin)),
        min(height, round(bottom * down + margin)),
    )


def _span(profile: np.ndarray) -> tuple[int, int]:
    """The stretch of a profile that holds all but a small share at either end."""
    cumulated = np.cumsum(profile) / profile.sum()
    rest = (1 - KEPT) / 2
    start = int(np.searchsorted(cumulated, rest))
    end = int(np.searchsorted(cumulated, 1 - rest))
    return start, min(end, len(profile) - 1) + 1
