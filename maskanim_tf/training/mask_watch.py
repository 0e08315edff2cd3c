"""Stops a run whose masks carry nothing, as a NaN would (docs/masks.md)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import Config
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.models import MaskGenerator
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.tracing import as_graph
from maskanim_tf.training.mask_health import MaskHealth, mask_health
from maskanim_tf.training.validation import spread_frames

# Pairs of training frames that are looked at.
PAIRS = 16


class MaskWatch:
    """Looks now and then at the masks of a few training frames, always the same ones.

    Args:
      config: configuration of the run.
      mask_generator: m as it is trained.
      clips: the training clips.
      patience: steps for which masks may be flat; 0 for any number.
    """

    def __init__(
        self, config: Config, mask_generator: MaskGenerator, clips: ClipSource, patience: int
    ):
        pairs = spread_frames(config, clips, PAIRS)
        source, driving = (
            as_floats(np.concatenate([batch[key] for batch in pairs]))
            for key in (keys.SOURCE, keys.TARGET)
        )
        self._small = [
            resize_bilinear(frames, config.model.mask_size).numpy() for frames in (source, driving)
        ]
        self._frames = tf.concat((source, driving), 0)
        self._masks_of = as_graph(lambda frames: mask_generator(frames, training=False)[keys.MASK])
        self._patience = patience
        self._flat_since: int | None = None

    def look(self, step: int) -> MaskHealth:
        """The figures after a step.

        Raises:
          RuntimeError: the masks have carried nothing for longer than `patience` allows.
        """
        masks = self._masks_of(self._frames).numpy()
        health = mask_health(*np.split(masks, 2), *self._small)
        if not health.flat:
            self._flat_since = None
            return health
        self._flat_since = step if self._flat_since is None else self._flat_since
        if self._patience and step - self._flat_since >= self._patience:
            raise RuntimeError(
                f"the masks have carried nothing for {step - self._flat_since} steps: contrast "
                f"{health.contrast:.4f}, change {health.change:.4f}, {health.saturated:.0%} of "
                "their pixels black or white. Frames cannot follow a driver like this. Start again "
                "with another --seed, a lower --learning_rate, --temperature=1, or "
                "--initial_weights of a run with sound masks; see docs/masks.md"
            )
        return health
