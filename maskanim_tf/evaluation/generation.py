"""Generating frames with a model, a batch at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.ops.color import as_floats
from maskanim_tf.ops.pixels import as_bytes

Animate = Callable[[Mapping[str, tf.Tensor], tf.Tensor], Mapping[str, tf.Tensor]]


def batched(frames: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Stacks of up to `size` frames."""
    stream = iter(frames)
    while batch := list(itertools.islice(stream, size)):
        yield np.stack(batch)


def generate(
    animate: Animate, encoded: Mapping[str, tf.Tensor], driving: np.ndarray, batch_size: int
) -> dict[str, np.ndarray]:
    """Every intermediate of `names` for at most `batch_size` uint8 driving frames.

    Args:
      animate: `Animator.animate`, best as a `tf.function`; it always sees whole batches.
      encoded: of the source, from `Animator.encode_source`.
      driving: uint8 `[frames, size, size, 3]`.
      batch_size: of every call.
    """
    filled = np.concatenate([driving, np.repeat(driving[-1:], batch_size - len(driving), 0)])
    result = animate(encoded, as_floats(filled))
    return {key: value.numpy()[: len(driving)] for key, value in result.items()}


def animate_frames(
    animate: Animate,
    encoded: Mapping[str, tf.Tensor],
    driving: Iterable[np.ndarray],
    batch_size: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of uint8 driving frames and the uint8 frames generated from them."""
    for batch in batched(driving, batch_size):
        yield batch, as_bytes(generate(animate, encoded, batch, batch_size)[names.FRAME])
