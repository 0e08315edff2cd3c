"""Validation: how well clips that were not trained on are reconstructed."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import Config
from maskanim_tf.data.panels import draw_panel
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.models import Animator, Networks
from maskanim_tf.models.training_pass import training_pass
from maskanim_tf.ops.color import as_floats
from maskanim_tf.storage.patience import patiently


@dataclasses.dataclass(frozen=True)
class Scores:
    """Mean absolute errors of reconstructed frames in [0, 1].

    Attributes:
      l1: of the generated frames.
      copy_l1: of the source frame in their place: what doing nothing would cost.
    """

    l1: float
    copy_l1: float


class Validation:
    """Reconstructs frames spread over the test clips.

    The source is the first frame of a clip. Before the mask refiner has learned, frames are
    generated from the driver's own mask, as in training; afterwards as at test time.

    Args:
      config: configuration of the run.
      networks: to be judged.
      clips: the test clips.
      frames: how many frames are compared at most.
    """

    def __init__(self, config: Config, networks: Networks, clips: ClipSource, frames: int = 256):
        self._config = config
        self._networks = networks
        self._animator = Animator(config.model, config.perturbation, networks)
        self._batches = _spread(config, clips, frames)
        self._copy_l1 = _copy_l1(self._batches)
        self._at_test_time = tf.function(self._animator)
        self._as_trained = tf.function(self._reconstruct)

    def scores(self, refined: bool) -> Scores:
        """L1 over all frames.

        Args:
          refined: whether the mask refiner takes part.
        """
        generated, count = 0.0, 0
        for batch in self._batches:
            source, target = (as_floats(batch[key]) for key in (names.SOURCE, names.TARGET))
            frame = self._generate(source, target, refined)[names.FRAME]
            generated += len(source) * float(tf.reduce_mean(tf.abs(frame - target)))
            count += len(source)
        return Scores(generated / count, self._copy_l1)

    def panel(self, refined: bool, rows: int = 6) -> np.ndarray:
        """The intermediates of some frames, uint8 `[height, width, 3]`."""
        whole = [
            np.concatenate([batch[key] for batch in self._batches])
            for key in (names.SOURCE, names.TARGET)
        ]
        chosen = np.linspace(0, len(whole[0]) - 1, rows).astype(int)
        source, driving = (as_floats(frames[chosen]) for frames in whole)
        result = self._generate(source, driving, refined)
        keys = [key for key in names.INTERMEDIATES if key in result]
        return draw_panel({key: result[key].numpy() for key in keys}, keys)

    def _generate(
        self, source: tf.Tensor, driving: tf.Tensor, refined: bool
    ) -> dict[str, tf.Tensor]:
        if refined:
            return self._at_test_time({names.SOURCE: source, names.DRIVING: driving})
        return self._as_trained(source, driving)

    def _reconstruct(self, source: tf.Tensor, driving: tf.Tensor) -> dict[str, tf.Tensor]:
        return training_pass(
            self._networks,
            self._config.model,
            self._config.perturbation,
            source,
            driving,
            seeds=None,
            training=False,
            refine=False,
        )


def _copy_l1(batches: list[dict[str, np.ndarray]]) -> float:
    """L1 of the sources in place of the targets."""
    errors = [np.abs(batch[names.SOURCE] - batch[names.TARGET].astype(float)) for batch in batches]
    return float(np.concatenate(errors).mean() / 255)


def _spread(config: Config, clips: ClipSource, frames: int) -> list[dict[str, np.ndarray]]:
    """Batches of at most `frames` frames, evenly spread over the clips, the same in every run."""
    ends = np.cumsum(clips.frame_counts - 1)
    chosen = np.unique(np.linspace(0, ends[-1] - 1, min(frames, ends[-1])).astype(int))
    pairs = []
    for position in chosen:
        clip = int(np.searchsorted(ends, position, side="right"))
        later = int(clips.frame_counts[clip] - (ends[clip] - position))
        pairs.append(patiently(functools.partial(clips.read_frames, clip, (0, later))))
    size = config.training.batch_size
    stacks = [np.stack(pairs[start : start + size]) for start in range(0, len(pairs), size)]
    return [{names.SOURCE: stack[:, 0], names.TARGET: stack[:, 1]} for stack in stacks]
