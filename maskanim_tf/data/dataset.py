"""Training batches and evaluation frames as `tf.data` pipelines.

Batch k of a run holds samples k * batch_size and the following of an endless stream in which
sample i depends on the seed and on i alone (`sampling`). So a resumed run goes on with the very
next batch, and several workers that each make their part of every batch together see what one
worker would.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.config import AugmentationConfig, Config
from maskanim_tf.config.sections import SAME
from maskanim_tf.data.mask_sketch import draw_sketches
from maskanim_tf.data.partners import evaluation_drivers
from maskanim_tf.data.sampling import Draw, Sampler
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.ops.color import adjust_color, draw_color_change
from maskanim_tf.ops.seeds import SHARED_COLOR
from maskanim_tf.storage.patience import patiently

_log = logging.getLogger(__name__)

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
    `[batch, 2]`. Unless `driver_identity` is "same", the driver may be another identity; the target
    is then the source's own frame of that moment, and `augmented_target` is A of it, by the
    same draw. With `mask_prior` they also hold `sketches`, the ground truth of source and driver,
    float32 `[batch, 2, mask_size, mask_size, 1]` in [0, 1].

    The test split runs once through every clip in order: `source` (the first frame), `driving` and
    `target` (each later frame), with `clip` and `frame_number`, int64 `[batch]`; the last batch may
    be smaller. There the first partner drives, if others are to.

    Args:
      config: data, augmentation, seed, sizes.
      split: "train" or "test".
      clips: the clips of the split, if they are open already.
      start_step: of the train split, the number of batches to leave out.
      worker: number of this worker.
      workers: how many workers share a batch; each gets the same share of it.

    Raises:
      ValueError: as `open_clips` and `Sampler`; or the batch cannot be shared equally.
    """
    clips = open_clips(config, split) if clips is None else clips
    if split == keys.TRAIN:
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
    reported: set[tuple[int, int]] = set()

    others_drive = config.data.driver_identity != SAME
    sketches_of = _sketches_reader(config, clips)

    def read(draw: Draw) -> tuple[np.ndarray, np.ndarray]:
        """Source, target and, where others may drive, driver, and the sketches; uint8."""
        frames = clips.read_frames(draw.clip, (draw.source, draw.driving))
        if others_drive:
            driver = frames[1:]
            if draw.driver != draw.clip:
                driver = clips.read_frames(draw.driver, (draw.driving,))
            frames = np.concatenate((frames, driver))
        return frames, sketches_of(draw)

    def load(index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The frames of a sample, its sketches and its seed, int32 `[2]`."""
        failures = 0
        for attempt in range(len(clips.names)):
            draw = sampler.draw(int(index), attempt)
            try:
                frames, sketches = patiently(functools.partial(read, draw))
            except (ValueError, OSError) as error:
                failures += isinstance(error, OSError)
                if config.data.strict or failures == MOST_FAILURES:
                    raise
                if (draw.clip, draw.driver) not in reported:
                    reported.add((draw.clip, draw.driver))
                    _log.warning("%s; another clip takes its place", error)
                continue
            if draw.mirrored:
                frames, sketches = frames[:, :, ::-1], sketches[:, :, ::-1]
            pixels = np.ascontiguousarray(frames), np.ascontiguousarray(sketches)
            return *pixels, np.array(draw.seed, np.int32)
        raise ValueError("no clip can be read any more; is the disk or the network gone?")

    def sample(index: tf.Tensor) -> dict[str, tf.Tensor]:
        kinds = (tf.uint8, tf.uint8, tf.int32)
        frames, sketches, seed = tf.numpy_function(load, (index,), kinds)
        frames = tf.ensure_shape(frames, (3 if others_drive else 2, size, size, 3))
        result = finish_sample(frames, tf.ensure_shape(seed, (2,)), config.augmentation)
        if config.loss.mask_prior:
            mask_size = config.model.mask_size
            sketches = tf.ensure_shape(sketches, (3, mask_size, mask_size, 1))
            result[keys.SKETCHES] = _as_floats(sketches)
        return result

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


def _sketches_reader(config: Config, clips: ClipSource) -> Callable[[Draw], np.ndarray]:
    """What reads the sketches of source, driver and target, uint8 `[3, mask_size, mask_size, 1]`.

    Without `mask_prior` it returns an empty `[0, 0, 0]`.
    """
    if not config.loss.mask_prior:
        return lambda draw: np.empty((0, 0, 0), np.uint8)
    # All at once, before threads read samples: in CPython 3.11 two threads that parse a line of
    # Python at the same time, as np.load does, end in a SystemError (python/cpython 106905).
    size = config.model.mask_size
    numbers = tqdm(
        range(len(clips.names)), "ground truth", unit="clip", disable=not config.data.progress
    )
    sketches = [_read_sketches(clips, clip, size) for clip in numbers]

    def read(draw: Draw) -> np.ndarray:
        frames = ((draw.clip, draw.source), (draw.driver, draw.driving), (draw.clip, draw.driving))
        return np.stack([sketches[clip][frame] for clip, frame in frames])[..., np.newaxis]

    return read


def _read_sketches(clips: ClipSource, clip: int, size: int) -> np.ndarray:
    """Sketches of the frames of a clip by its ground truth, uint8 `[frames, size, size]`."""
    truth = clips.read_truth(clip)
    if truth is None:
        raise FileNotFoundError(
            f"mask_prior needs ground truth, but there is no .npz beside {clips.names[clip]}; "
            "use folders that a generator of this package wrote, or --mask_prior=0"
        )
    return draw_sketches(truth, size)


def finish_sample(
    frames: tf.Tensor, seed: tf.Tensor, augmentation: AugmentationConfig
) -> dict[str, tf.Tensor]:
    """Source, augmented driver and target from decoded frames.

    Args:
      frames: uint8 `[2, height, width, 3]`, source and target, which is also the driver; or
        `[3, height, width, 3]` with another driver.
      seed: int32 `[2]`.
      augmentation: settings of A, and whether a second change is shared by all (the release).
    """
    source, target, *other = tf.unstack(_as_floats(frames))
    if augmentation.shared_jitter:
        shared = draw_color_change(seed, augmentation, SHARED_COLOR)
        source, target = adjust_color(source, shared), adjust_color(target, shared)
        other = [adjust_color(driving, shared) for driving in other]
    change = draw_color_change(seed, augmentation)
    augmented = adjust_color(target, change)
    sample = {
        keys.SOURCE: source,
        keys.DRIVING: augmented,
        keys.TARGET: target,
        keys.SEEDS: seed,
    }
    if other:
        # By the same change, so that a sample whose source drives itself is that of the paper.
        sample[keys.DRIVING] = adjust_color(other[0], change)
        sample[keys.AUGMENTED_TARGET] = augmented
    return sample


def _evaluation_batches(config: Config, clips: ClipSource) -> tf.data.Dataset:
    pictures, numbers = (keys.SOURCE, keys.DRIVING, keys.TARGET), (keys.CLIP, keys.FRAME_NUMBER)
    names = pictures + numbers
    drivers = evaluation_drivers(clips.names, config.data.driver_identity)

    def frames() -> Iterator[dict[str, np.ndarray | int]]:
        for clip, driver in drivers:
            stream = clips.iterate_frames(clip)
            first = next(stream)
            pairs: Iterator[tuple[np.ndarray, np.ndarray]] = ((f, f) for f in stream)
            if driver != clip:
                pairs = zip(islice(clips.iterate_frames(driver), 1, None), stream)
            for number, (driving, target) in enumerate(pairs, 1):
                yield dict(zip(names, (first, driving, target, clip, number)))

    size = config.model.image_size
    generated = tf.data.Dataset.from_generator(
        frames,
        output_signature=dict.fromkeys(pictures, tf.TensorSpec((size, size, 3), tf.uint8))
        | dict.fromkeys(numbers, tf.TensorSpec((), tf.int64)),
    )
    return generated.map(
        lambda sample: sample | {name: _as_floats(sample[name]) for name in pictures},
        num_parallel_calls=2,
    ).batch(config.training.batch_size)


def _as_floats(frames: tf.Tensor) -> tf.Tensor:
    """`pixels.as_floats` inside of a graph."""
    return tf.cast(frames, tf.float32) / 255
