"""Explicit seeds: one per sample, so that results do not depend on how a batch is split."""

from __future__ import annotations

import tensorflow as tf

# What a sample's seed is used for; each use derives a seed of its own.
COLOR, COLUMNS, ROWS, NOISE, SIGN, SHARED_COLOR, REFINED = range(7)


def sample_seeds(seed: tf.Tensor | tuple[int, int], count: int | tf.Tensor) -> tf.Tensor:
    """One independent seed per sample of a batch.

    Args:
      seed: int32 `[2]`.
      count: number of samples, an int or an int32 scalar.

    Returns:
      int32 `[count, 2]`. Sample i has the same seed whatever `count` is.
    """
    seed = tf.convert_to_tensor(seed, tf.int32)
    return tf.map_fn(lambda i: derived_seed(seed, i), tf.range(count))


def derived_seed(seed: tf.Tensor, index: int | tf.Tensor) -> tf.Tensor:
    """An independent seed, int32 `[2]`, for use number `index` of a sample's seed."""
    return tf.random.experimental.stateless_fold_in(seed, index)
