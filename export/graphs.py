"""The stages as TensorFlow functions, for converters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.export.signatures import encoded
from maskanim_tf.export.stages import ANIMATE, ANIMATE_MASK, OUTPUTS, RENDER, SOURCE_MASK
from maskanim_tf.inference import AnyAnimator
from maskanim_tf.ops.addons import core_only

# One stage: the function, and its inputs.
Traceable = tuple[tf.types.experimental.GenericFunction, list[tf.TensorSpec]]


def make_stages(animator: AnyAnimator, batch: int | None) -> dict[str, Traceable]:
    """The stages of `export.stages`.

    Args:
      animator: an `Animator`, or what `maskanim_tf.inference` made of one.
      batch: driving frames of a call, None for any number.
    """
    source, source_mask = input_specs(animator)
    driving = tf.TensorSpec((batch, *source.shape[1:]), tf.float32, keys.DRIVING)
    driving_mask = tf.TensorSpec((batch, *source_mask.shape[1:]), tf.float32, keys.DRIVING_MASK)

    def animate(
        source: tf.Tensor, source_mask: tf.Tensor, driving: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        with core_only():
            result = animator.animate(encoded(animator, source, source_mask), driving)
        return pick(ANIMATE, result)

    def animate_mask(
        source: tf.Tensor, source_mask: tf.Tensor, driving_mask: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        with core_only():
            result = animator.animate_mask(encoded(animator, source, source_mask), driving_mask)
        return pick(ANIMATE_MASK, result)

    return {
        SOURCE_MASK: _mask_stage(animator, source),
        ANIMATE: _traceable(animate, [source, source_mask, driving]),
        ANIMATE_MASK: _traceable(animate_mask, [source, source_mask, driving_mask]),
    }


def make_render_stages(animator: AnyAnimator) -> dict[str, Traceable]:
    """Stages without P_test between them: the mask of any frame, and the frame of a perturbed mask.

    For runtimes that cannot find a median.
    """
    source, source_mask = input_specs(animator)
    perturbed = tf.TensorSpec(source_mask.shape, tf.float32, keys.PERTURBED_MASK)

    def render(
        source: tf.Tensor, source_mask: tf.Tensor, perturbed_mask: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        return pick(RENDER, animator.render(encoded(animator, source, source_mask), perturbed_mask))

    return {
        SOURCE_MASK: _mask_stage(animator, source),
        RENDER: _traceable(render, [source, source_mask, perturbed]),
    }


def input_specs(animator: AnyAnimator) -> tuple[tf.TensorSpec, tf.TensorSpec]:
    """Of one source and its mask."""
    size, mask_size = animator.model.image_size, animator.model.mask_size
    return (
        tf.TensorSpec((1, size, size, 3), tf.float32, keys.SOURCE),
        tf.TensorSpec((1, mask_size, mask_size, 1), tf.float32, keys.SOURCE_MASK),
    )


def pick(stage: str, result: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The outputs of a stage, under their names in the graph too."""
    return {key: tf.identity(result[key], key) for key in OUTPUTS[stage]}


def _mask_stage(animator: AnyAnimator, source: tf.TensorSpec) -> Traceable:
    def encode(source: tf.Tensor) -> dict[str, tf.Tensor]:
        with core_only():
            return pick(SOURCE_MASK, animator.encode_source(source))

    return _traceable(encode, [source])


def _traceable(function: Callable[..., Any], specs: list[tf.TensorSpec]) -> Traceable:
    return tf.function(function, input_signature=specs), specs
