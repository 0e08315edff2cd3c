"""Validation: how well clips that were not trained on are reconstructed.

Where the clips have partners, which show their motion on another identity, these drive them, too:
what comes out is compared with the same frames.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import Config
from maskanim_tf.config.sections import SAME
from maskanim_tf.data.panels import draw_panel
from maskanim_tf.data.partners import find_partners
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.models import Animator, Networks
from maskanim_tf.models.training_pass import training_pass
from maskanim_tf.ops.color import as_floats

_FRAMES = (names.SOURCE, names.TARGET, names.DRIVING)
_PARTNERED = "partnered"


@dataclasses.dataclass(frozen=True)
class Scores:
    """Mean absolute errors of reconstructed frames in [0, 1].

    Attributes:
      l1: of the generated frames, driven by the clip itself.
      copy_l1: of the source frame in their place: what doing nothing would cost.
      across_l1: of frames driven by another identity; None where no clip has a partner.
    """

    l1: float
    copy_l1: float
    across_l1: float | None = None


class Validation:
    """Reconstructs frames spread over the test clips.

    The source is the first frame of a clip. Before the mask refiner has learned, frames are
    generated from the driver's own mask, as in training; afterwards as at test time. Panels show
    another identity driving, if it does so in training.

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
        own, across = [], []
        for batch in self._batches:
            source, target, driving = (as_floats(batch[key]) for key in _FRAMES)
            own.append(self._errors(source, target, target, refined))
            partnered = batch[_PARTNERED]
            if partnered.any():
                across.append(self._errors(source, driving, target, refined)[partnered])
        return Scores(
            float(np.concatenate(own).mean()),
            self._copy_l1,
            float(np.concatenate(across).mean()) if across else None,
        )

    def panel(self, refined: bool, rows: int = 6) -> np.ndarray:
        """The intermediates of some frames, uint8 `[height, width, 3]`."""
        whole = [np.concatenate([batch[key] for batch in self._batches]) for key in _FRAMES]
        chosen = np.linspace(0, len(whole[0]) - 1, rows).astype(int)
        source, target, driving = (as_floats(frames[chosen]) for frames in whole)
        across = self._config.data.driver_identity != SAME
        result = self._generate(source, driving if across else target, refined)
        keys = [key for key in names.INTERMEDIATES if key in result]
        columns = {key: result[key].numpy() for key in keys}
        if across:
            columns[names.TARGET] = target.numpy()
        return draw_panel(columns, tuple(columns))

    def _errors(
        self, source: tf.Tensor, driving: tf.Tensor, target: tf.Tensor, refined: bool
    ) -> np.ndarray:
        """Mean absolute error of each generated frame, float32 `[batch]`."""
        frame = self._generate(source, driving, refined)[names.FRAME]
        return tf.reduce_mean(tf.abs(frame - target), axis=(1, 2, 3)).numpy()

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
    """Batches of at most `frames` frames, evenly spread over the clips, the same in every run.

    Each holds uint8 frames under `_FRAMES`, driven by the clip's first partner or else by itself,
    and which have a partner, bool `[batch]`.
    """
    partners = find_partners(clips.names)
    ends = np.cumsum(clips.frame_counts - 1)
    chosen = np.unique(np.linspace(0, ends[-1] - 1, min(frames, ends[-1])).astype(int))
    triples, partnered = [], []
    for position in chosen:
        clip = int(np.searchsorted(ends, position, side="right"))
        later = int(clips.frame_counts[clip] - (ends[clip] - position))
        source, target = clips.read_frames(clip, (0, later))
        driving = target
        drivers = [other for other in partners[clip][:1] if clips.frame_counts[other] > later]
        for driver in drivers:
            (driving,) = clips.read_frames(driver, (later,))
        triples.append((source, target, driving))
        partnered.append(bool(drivers))
    size = config.training.batch_size
    return [
        {
            **dict(zip(_FRAMES, map(np.stack, zip(*triples[start : start + size])))),
            _PARTNERED: np.array(partnered[start : start + size]),
        }
        for start in range(0, len(triples), size)
    ]
