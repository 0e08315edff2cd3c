"""Explicit seeds: one per sample, so that results do not depend on how a batch is split."""

from __future__ import annotations

import tensorflow as tf

# What a sample's seed is used for; each use derives a seed of its own.
COLOR, COLUMNS, ROWS, NOISE, SIGN, SHARED_COLOR, REFINED = range(7)


def derived_seed(seed: tf.Tensor, index: int | tf.Tensor) -> tf.Tensor:
    """An independent seed, int32 `[2]`, for use number `index` of a sample's seed."""
    return tf.random.experimental.stateless_fold_in(seed, index)


def drawn_share(seeds: tf.Tensor, use: int, share: float) -> tf.Tensor:
    """Which samples of a batch are chosen, bool `[batch]`, each with probability `share`.

    Args:
      seeds: int32 `[batch, 2]`, one per sample.
      use: of these seeds.
      share: in [0, 1].
    """

    def draw(seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform((), derived_seed(seed, use)) < share

    return tf.map_fn(draw, seeds, fn_output_signature=tf.TensorSpec((), tf.bool))
