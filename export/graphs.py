"""The stages as TensorFlow functions, for converters."""

from __future__ import annotations

import tensorflow as tf

from export.signatures import animate_with
from export.stages import ANIMATE, OUTPUTS, SOURCE_MASK
from maskanim_tf import names
from maskanim_tf.models import Animator
from maskanim_tf.ops.addons import core_only


def make_stages(
    animator: Animator, batch: int | None
) -> dict[str, tuple[tf.types.experimental.GenericFunction, list[tf.TensorSpec]]]:
    """Each stage with its inputs.

    Args:
      animator: an `Animator`, or what `export.rewrite` made of one.
      batch: driving frames of a call, None for any number.
    """
    size, mask_size = animator.model.image_size, animator.model.mask_size
    source = tf.TensorSpec((1, size, size, 3), tf.float32, names.SOURCE)
    source_mask = tf.TensorSpec((1, mask_size, mask_size, 1), tf.float32, names.SOURCE_MASK)
    driving = tf.TensorSpec((batch, size, size, 3), tf.float32, names.DRIVING)
    specs = {SOURCE_MASK: [source], ANIMATE: [source, source_mask, driving]}

    def encode(source: tf.Tensor) -> dict[str, tf.Tensor]:
        with core_only():
            return pick(SOURCE_MASK, animator.encode_source(source))

    def animate(
        source: tf.Tensor, source_mask: tf.Tensor, driving: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        with core_only():
            return pick(ANIMATE, animate_with(animator, source, source_mask, driving))

    def pick(stage: str, result: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {key: tf.identity(result[key], key) for key in OUTPUTS[stage]}

    functions = {SOURCE_MASK: encode, ANIMATE: animate}
    return {
        stage: (tf.function(functions[stage], input_signature=inputs), inputs)
        for stage, inputs in specs.items()
    }
