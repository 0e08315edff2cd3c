"""Frames from frames, a batch at a time: what animating and measuring share.

Input:  uint8 frames of the model's size; a source is encoded once, drivers come in batches.
Output: every intermediate of each driving frame as NumPy arrays.
A short batch is filled up with copies of its last frame, so that one traced graph of each stage
serves a whole video, and every video that follows. Nothing runs outside of these graphs: operations
one by one round differently. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.inference.rewrite import AnyAnimator
from maskanim_tf.keys import DRIVING, INTERMEDIATES
from maskanim_tf.media.clips import filled
from maskanim_tf.ops.pixels import as_floats


class BatchAnimator:
    """An animator that always computes whole batches.

    Args:
      animator: the networks, and what is left out of the pipeline. Its graphs, and in them
        the weights of a rewritten one, are remembered as long as it lives.
      batch_size: driving frames that are animated at once.

    Raises:
      ValueError: the size is no positive number.
    """

    def __init__(self, animator: AnyAnimator, batch_size: int) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, but must be at least 1")
        self.batch_size = batch_size
        self._animator = animator
        self._encode_source, self._encode_driving, self._animate_mask = _traced(animator)

    def encode_source(self, source: np.ndarray) -> dict[str, tf.Tensor]:
        """`Animator.encode_source` of one frame, uint8 `[image_size, image_size, 3]`."""
        return self._encode_source(as_floats(source[None]))

    def find_masks(self, driving: np.ndarray) -> np.ndarray:
        """Masks of uint8 frames, float32 `[batch, mask_size, mask_size, 1]` in [0, 1]."""
        whole = as_floats(filled(driving, self.batch_size))
        return self._encode_driving(whole).numpy()[: len(driving)]

    def animate(
        self,
        encoded: Mapping[str, tf.Tensor],
        driving: np.ndarray,
        masks: np.ndarray | None = None,
        keys: Sequence[str] = INTERMEDIATES,
    ) -> dict[str, np.ndarray]:
        """Animates a source by at most `batch_size` driving frames.

        Args:
          encoded: of `encode_source`.
          driving: uint8 `[batch, image_size, image_size, 3]`.
          masks: in place of those that `find_masks` gives.
          keys: which intermediates to return.

        Returns:
          float32 `[batch, height, width, channels]` in [0, 1] by key.

        Raises:
          ValueError: a frame of another size.
        """
        masks = self.find_masks(driving) if masks is None else masks
        result = self._animate_mask(encoded, tf.convert_to_tensor(filled(masks, self.batch_size)))
        result = {DRIVING: as_floats(driving), **result}
        return {key: np.asarray(result[key])[: len(driving)] for key in keys}


_Graphs = tuple[Callable, Callable, Callable]
# Kept as long as their animator lives, since tracing takes longer than a short video.
_graphs: weakref.WeakKeyDictionary[AnyAnimator, _Graphs] = weakref.WeakKeyDictionary()


def _traced(animator: AnyAnimator) -> _Graphs:
    """Graphs of all stages. They do not keep the animator alive, which keeps them."""
    if animator not in _graphs:
        found: Callable[[], Any] = weakref.ref(animator)
        _graphs[animator] = (
            tf.function(lambda source: found().encode_source(source)),
            tf.function(lambda driving: found().encode_driving(driving)),
            tf.function(lambda encoded, mask: found().animate_mask(encoded, mask)),
        )
    return _graphs[animator]
