"""Validation: how well clips that were not trained on are reconstructed.

Where the clips have partners, which show their motion on another identity, these drive them, too:
what comes out is compared with the same frames.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import Config
from maskanim_tf.config.sections import SAME
from maskanim_tf.data.partners import find_partners
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.media.panels import draw_panel
from maskanim_tf.models import Animator, Networks
from maskanim_tf.models.method import training_pass
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.tracing import as_graph
from maskanim_tf.storage.patience import patiently
from maskanim_tf.training.mask_health import MaskHealth, mask_health

_FRAMES = (keys.SOURCE, keys.TARGET, keys.DRIVING)
_PARTNERED = "partnered"
# Of a panel.
_ROWS = 6


@dataclasses.dataclass(frozen=True)
class Scores:
    """Mean absolute errors of reconstructed frames in [0, 1].

    Attributes:
      l1: of the generated frames, driven by the clip itself.
      copy_l1: of the source frame in their place: what doing nothing would cost.
      refinement_cost: how much higher `l1` is than with the driver's own masks: what P_test and r
        cost; None before r takes part.
      masks: figures of the masks.
      across_l1: of frames driven by another identity; None where no clip has a partner.
    """

    l1: float
    copy_l1: float
    refinement_cost: float | None
    masks: MaskHealth
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
        self._batches = spread_frames(config, clips, frames)
        errors = [
            np.abs(batch[keys.SOURCE] - batch[keys.TARGET].astype(float)) for batch in self._batches
        ]
        self._copy_l1 = float(np.concatenate(errors).mean() / 255)
        self._at_test_time = as_graph(lambda pair: self._animator(pair))
        self._as_trained = as_graph(self._reconstruct)

    def scores(self, refined: bool) -> Scores:
        """L1 over all frames, and how the masks are.

        Args:
          refined: whether the mask refiner takes part.
        """
        own, across, unrefined, masks = [], [], [], []
        for batch in self._batches:
            source, target, driving = (as_floats(batch[key]) for key in _FRAMES)
            result = self._generate(source, target, refined)
            own.append(_errors(result, target))
            masks.append(_for_health(result, target))
            if refined:
                unrefined.append(_errors(self._as_trained(source, target), target))
            partnered = batch[_PARTNERED]
            if partnered.any():
                result = self._generate(source, driving, refined)
                across.append(_errors(result, target)[partnered])
        l1 = float(np.concatenate(own).mean())
        return Scores(
            l1=l1,
            copy_l1=self._copy_l1,
            refinement_cost=l1 - float(np.concatenate(unrefined).mean()) if refined else None,
            masks=mask_health(*map(np.concatenate, zip(*masks))),
            across_l1=float(np.concatenate(across).mean()) if across else None,
        )

    def panel(self, refined: bool, caption: str) -> np.ndarray:
        """The intermediates of some frames above a caption, uint8 `[height, width, 3]`."""
        whole = [np.concatenate([batch[key] for batch in self._batches]) for key in _FRAMES]
        chosen = np.linspace(0, len(whole[0]) - 1, _ROWS).astype(int)
        source, target, driving = (as_floats(frames[chosen]) for frames in whole)
        across = self._config.data.driver_identity != SAME
        result = self._generate(source, driving if across else target, refined)
        columns = {key: result[key].numpy() for key in keys.INTERMEDIATES if key in result}
        if across:
            columns[keys.TARGET] = target
        return draw_panel(columns, tuple(columns), caption=caption)

    def _generate(
        self, source: tf.Tensor, driving: tf.Tensor, refined: bool
    ) -> dict[str, tf.Tensor]:
        if refined:
            return self._at_test_time({keys.SOURCE: source, keys.DRIVING: driving})
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


def _errors(result: dict[str, tf.Tensor], target: tf.Tensor) -> np.ndarray:
    """Mean absolute error of each generated frame, float32 `[batch]`."""
    return tf.reduce_mean(tf.abs(result[keys.FRAME] - target), (1, 2, 3)).numpy()


def _for_health(result: dict[str, tf.Tensor], driving: tf.Tensor) -> tuple[np.ndarray, ...]:
    """The arguments of `mask_health`."""
    small = resize_bilinear(driving, result[keys.SOURCE_SMALL].shape[1])
    shown = (keys.SOURCE_MASK, keys.DRIVING_MASK, keys.SOURCE_SMALL)
    return (*(result[key].numpy() for key in shown), small.numpy())


def spread_frames(config: Config, clips: ClipSource, frames: int) -> list[dict[str, np.ndarray]]:
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
        source, target = patiently(functools.partial(clips.read_frames, clip, (0, later)))
        driving = target
        drivers = [other for other in partners[clip][:1] if clips.frame_counts[other] > later]
        for driver in drivers:
            (driving,) = patiently(functools.partial(clips.read_frames, driver, (later,)))
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
