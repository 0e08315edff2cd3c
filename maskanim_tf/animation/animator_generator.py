"""The networks themselves as a `FrameGenerator`.

Nothing runs outside of graphs: operations one by one round differently. The generator owns its
graphs, and what they hold is freed with it. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.inference.rewrite import AnyAnimator, mask_model_of
from maskanim_tf.keys import DRIVING, FRAME, INTERMEDIATES
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.ops.tracing import as_graph


class AnimatorGenerator(FrameGenerator):
    """An animator as a `FrameGenerator`, which gives every intermediate.

    Batches of one size share their graphs; each new size is traced anew.

    Args:
      animator: the networks, and what is left out of the pipeline; best rewritten.
      model: name of their weights.
    """

    label = "the animator"
    outputs = INTERMEDIATES
    finds_masks = takes_masks = True

    def __init__(self, animator: AnyAnimator, model: str = "") -> None:
        self.model = model
        self.image_size = animator.model.image_size
        self.mask_size = animator.model.mask_size
        self._animator = animator
        self._encode_source = as_graph(animator.encode_source)
        self._encode_driving = as_graph(animator.encode_driving)
        self._animate_mask = as_graph(animator.animate_mask)
        self._encoded: Mapping[str, tf.Tensor] = {}

    @functools.cached_property
    def mask_model(self) -> str:  # type: ignore[override]
        """See `FrameGenerator`."""
        return mask_model_of(self._animator)

    def set_source(self, source: np.ndarray) -> None:
        """See `FrameGenerator`. Raises ValueError: it is of another size."""
        self._encoded = self._encode_source(as_floats(source[None]))

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """See `FrameGenerator`. Raises ValueError: a frame of another size."""
        masks = self.masks(driving) if masks is None else masks
        result = self._animate_mask(self._encoded, tf.convert_to_tensor(masks))
        result = {DRIVING: as_floats(driving), **result}
        return {key: np.asarray(result[key]) for key in wanted}

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """See `FrameGenerator`. Raises ValueError: a frame of another size."""
        return self._encode_driving(as_floats(frames)).numpy()
