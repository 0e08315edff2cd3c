"""Training batches and evaluation frames as `tf.data` pipelines.

Batch k of a run holds samples k * batch_size and the following of an endless stream in which
sample i depends on the seed and on i alone (`sampling`). So a resumed run goes on with the very
next batch, and several workers that each make their part of every batch together see what one
worker would.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import logging

from maskanim_tf import names
from maskanim_tf.config import AugmentationConfig, Config
from maskanim_tf.data.sampling import Sampler
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.ops.color import adjust_color, as_floats, draw_color_change
from maskanim_tf.ops.seeds import SHARED_COLOR
from maskanim_tf.storage.patience import patiently

# One sample may meet so many clips whose storage fails; after that all of it is taken for gone.
MOST_FAILURES = 16
# Batches that wait for the training step; more would only cost memory.
PREFETCHED = 2


def make_dataset(
    config: Config,
    split: str,
    *,
    clips: ClipSource | None = None,
    start_step: int = 0,
    worker: int = 0,
    workers: int = 1,
) -> tf.data.Dataset:
    """Batches of a split.

    The train split never ends; its batches hold `source`, `driving` (augmented by A) and `target`
    (the driver as filmed), float32 `[batch, size, size, 3]` in [0, 1], and `seeds`, int32
    `[batch, 2]`. The test split runs once through every clip in order: `source` (the first frame),
    `driving` and `target` (each later frame), with `clip` and `frame_number`, int64 `[batch]`; the
    last batch may be smaller.

    Args:
      config: data, augmentation, seed, sizes.
      split: "train" or "test".
      clips: the clips of the split, if they are open already.
      start_step: of the train split, the number of batches to leave out.
      worker: number of this worker.
      workers: how many workers share a batch; each gets the same share of it.

    Raises:
      ValueError: as `open_clips`; or the batch cannot be shared equally.
    """
    clips = open_clips(config, split) if clips is None else clips
    if split == names.TRAIN:
        dataset = _training_batches(config, clips, start_step, worker, workers)
    else:
        dataset = _evaluation_batches(config, clips)
    options = tf.data.Options()
    options.deterministic = config.data.deterministic
    # Every worker makes its own share already.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.with_options(options).prefetch(PREFETCHED)


def steps_per_epoch(config: Config, clips: ClipSource) -> int:
    """Training batches that make one epoch, at least one."""
    return max(1, _sampler(config, clips).epoch_size // config.training.batch_size)


def _sampler(config: Config, clips: ClipSource) -> Sampler:
    return Sampler(clips.names, clips.frame_counts, config.data, config.augmentation, config.seed)


def _training_batches(
    config: Config, clips: ClipSource, start_step: int, worker: int, workers: int
) -> tf.data.Dataset:
    batch_size = config.training.batch_size
    if batch_size % workers:
        raise ValueError(
            f"batch_size is {batch_size}, but must be a multiple of the {workers} workers"
        )
    share, size = batch_size // workers, config.model.image_size
    sampler = _sampler(config, clips)
    reported: set[int] = set()

    def load(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Source and driver, uint8 `[2, size, size, 3]`, and the seed, int32 `[2]`, of a sample."""
        failures = 0
        for attempt in range(len(clips.names)):
            draw = sampler.draw(int(index), attempt)
            read = functools.partial(clips.read_frames, draw.clip, (draw.source, draw.driving))
            try:
                pair = patiently(read)
            except (ValueError, OSError) as error:
                failures += isinstance(error, OSError)
                if config.data.strict or failures == MOST_FAILURES:
                    raise
                if draw.clip not in reported:
                    reported.add(draw.clip)
                    logging.warning("%s; another clip takes its place", error)
                continue
            if draw.mirrored:
                pair = pair[:, :, ::-1]
            return np.ascontiguousarray(pair), np.array(draw.seed, np.int32)
        raise ValueError("no clip can be read any more; is the disk or the network gone?")

    def sample(index: tf.Tensor) -> dict[str, tf.Tensor]:
        pair, seed = tf.numpy_function(load, (index,), (tf.uint8, tf.int32))
        pair = tf.ensure_shape(pair, (2, size, size, 3))
        return finish_sample(pair, tf.ensure_shape(seed, (2,)), config.augmentation)

    first = start_step * batch_size + worker * share
    # The samples of this worker: `share` of every `batch_size`.
    indices = tf.data.Dataset.range(np.iinfo(np.int64).max // batch_size).flat_map(
        lambda step: tf.data.Dataset.range(
            first + step * batch_size, first + step * batch_size + share
        )
    )
    return indices.map(sample, num_parallel_calls=tf.data.AUTOTUNE).batch(
        share, drop_remainder=True
    )


def finish_sample(
    pair: tf.Tensor, seed: tf.Tensor, augmentation: AugmentationConfig
) -> dict[str, tf.Tensor]:
    """Source, augmented driver and target from two decoded frames.

    Args:
      pair: uint8 `[2, height, width, 3]`, source and driver.
      seed: int32 `[2]`.
      augmentation: settings of A, and whether a second change is shared by all (the release).
    """
    source, target = tf.unstack(as_floats(pair))
    if augmentation.shared_jitter:
        shared = draw_color_change(seed, augmentation, SHARED_COLOR)
        source, target = adjust_color(source, shared), adjust_color(target, shared)
    driving = adjust_color(target, draw_color_change(seed, augmentation))
    return {
        names.SOURCE: source,
        names.DRIVING: driving,
        names.TARGET: target,
        names.SEEDS: seed,
    }


def _evaluation_batches(config: Config, clips: ClipSource) -> tf.data.Dataset:
    size = config.model.image_size

    def frames() -> Iterator[tuple[np.ndarray, np.ndarray, int, int]]:
        for clip in range(len(clips.names)):
            stream = clips.iterate_frames(clip)
            first = next(stream)
            for number, frame in enumerate(stream, 1):
                yield first, frame, clip, number

    picture = tf.TensorSpec((size, size, 3), tf.uint8)
    number = tf.TensorSpec((), tf.int64)

    def element(
        source: tf.Tensor, driving: tf.Tensor, clip: tf.Tensor, frame: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        driving = as_floats(driving)
        return {
            names.SOURCE: as_floats(source),
            names.DRIVING: driving,
            names.TARGET: driving,
            names.CLIP: clip,
            names.FRAME_NUMBER: frame,
        }

    generated = tf.data.Dataset.from_generator(
        frames, output_signature=(picture, picture, number, number)
    )
    return generated.map(element, num_parallel_calls=2).batch(config.training.batch_size)
