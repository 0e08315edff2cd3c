"""Frames from frames: a source is encoded once, its driver streams through in batches.

Input:  square uint8 frames of the model's size, one by one.
Output: every intermediate of each driving frame as NumPy arrays, one by one.
The last batch is filled up with copies of its last frame, so that one traced graph of each network
serves a whole video, and every video that follows. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.models import Animator
from maskanim_tf.ops.color import as_floats

BATCH_SIZE = 4


def generate_frames(
    animator: Animator,
    source: np.ndarray,
    driving: Iterable[np.ndarray],
    batch_size: int = BATCH_SIZE,
    smooth_masks: float = 0.0,
    keys: Sequence[str] = names.INTERMEDIATES,
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
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, but must be at least 1")
    if not 0 <= smooth_masks <= 1:
        raise ValueError(f"smooth_masks is {smooth_masks}, but must lie in [0, 1]")
    _, animate_mask = _traced(animator)
    encoded = animator.encode_source(as_floats(source[None]))
    past: np.ndarray | None = None
    for batch, masks in _with_masks(animator, driving, batch_size):
        if smooth_masks:
            masks = _smoothed(masks, past, smooth_masks)
            past = masks[len(batch) - 1]
        padded = tf.convert_to_tensor(_padded(masks, batch_size))
        result = {names.DRIVING: as_floats(batch), **animate_mask(encoded, padded)}
        arrays = {key: result[key].numpy() for key in keys}
        for index in range(len(batch)):
            yield {key: value[index] for key, value in arrays.items()}


def generate_masks(
    animator: Animator, frames: Iterable[np.ndarray], batch_size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """The mask of each frame, float32 `[mask_size, mask_size, 1]`; see `generate_frames`."""
    for _, masks in _with_masks(animator, frames, batch_size):
        yield from masks


def _with_masks(
    animator: Animator, frames: Iterable[np.ndarray], batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of frames and their masks; the last batch may be shorter."""
    encode_driving, _ = _traced(animator)
    stream = iter(frames)
    while taken := list(itertools.islice(stream, batch_size)):
        batch = np.stack(taken)
        masks = encode_driving(as_floats(_padded(batch, batch_size))).numpy()
        yield batch, masks[: len(batch)]


def _padded(batch: np.ndarray, size: int) -> np.ndarray:
    """A batch filled up to `size` with its last element."""
    return np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), 0)])


def _smoothed(masks: np.ndarray, past: np.ndarray | None, share: float) -> np.ndarray:
    smoothed = np.empty_like(masks)
    for index, mask in enumerate(masks):
        past = mask if past is None else share * past + (1 - share) * mask
        smoothed[index] = past
    return smoothed


@functools.lru_cache(maxsize=4)  # As many as there are ablations.
def _traced(animator: Animator) -> tuple[Callable, Callable]:
    """Graphs of both halves; remembered, since tracing takes longer than a short video."""
    return tf.function(animator.encode_driving), tf.function(animator.animate_mask)
