"""Frames from frames, one by one: a source is encoded once, its driver streams through in batches.

Input:  square uint8 frames of the model's size.
Output: every intermediate of each driving frame as NumPy arrays.
Masks may be smoothed in time between m and P_test. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from maskanim_tf.animation.batching import BatchAnimator
from maskanim_tf.inference import AnyAnimator
from maskanim_tf.keys import INTERMEDIATES
from maskanim_tf.media.clips import batched

BATCH_SIZE = 4


def generate_frames(
    animator: AnyAnimator,
    source: np.ndarray,
    driving: Iterable[np.ndarray],
    batch_size: int = BATCH_SIZE,
    smooth_masks: float = 0.0,
    keys: Sequence[str] = INTERMEDIATES,
) -> Iterator[dict[str, np.ndarray]]:
    """Animates a source by a stream of driving frames, lazily and in constant memory.

    Args:
      animator: the networks, and what is left out of the pipeline.
      source: uint8 `[image_size, image_size, 3]`, RGB.
      driving: frames like `source`.
      batch_size: driving frames that are animated at once.
      smooth_masks: x in [0, 1]; the driver's mask becomes x of the smoothed mask of the frame
        before and 1 - x of its own. 0 leaves every mask as it is, 1 keeps the first one.
      keys: which intermediates to return.

    Yields:
      For each driving frame float32 `[height, width, channels]` in [0, 1] by key.

    Raises:
      ValueError: a frame of another size or type, a number out of range.
    """
    if not 0 <= smooth_masks <= 1:
        raise ValueError(f"smooth_masks is {smooth_masks}, but must lie in [0, 1]")
    batches = BatchAnimator(animator, batch_size)
    encoded = batches.encode_source(source)
    past: np.ndarray | None = None
    for batch in batched(driving, batch_size):
        masks = batches.find_masks(batch)
        if smooth_masks:
            masks = _smoothed(masks, past, smooth_masks)
            past = masks[-1]
        arrays = batches.animate(encoded, batch, masks, keys)
        for index in range(len(batch)):
            yield {key: value[index] for key, value in arrays.items()}


def generate_masks(
    animator: AnyAnimator, frames: Iterable[np.ndarray], batch_size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """The mask of each frame, float32 `[mask_size, mask_size, 1]`; see `generate_frames`."""
    batches = BatchAnimator(animator, batch_size)
    for batch in batched(frames, batch_size):
        yield from batches.find_masks(batch)


def _smoothed(masks: np.ndarray, past: np.ndarray | None, share: float) -> np.ndarray:
    smoothed = np.empty_like(masks)
    for index, mask in enumerate(masks):
        past = mask if past is None else share * past + (1 - share) * mask
        smoothed[index] = past
    return smoothed
