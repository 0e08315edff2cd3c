"""The stages as TensorFlow functions, for converters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.export.signatures import encoded
from maskanim_tf.export.stages import (
    ANIMATE,
    ANIMATE_MASK,
    INPUTS,
    OUTPUTS,
    RENDER,
    SOURCE_MASK,
    STAGES,
)
from maskanim_tf.inference import AnyAnimator
from maskanim_tf.ops.addons import core_only

# One stage: the function, and its inputs.
Traceable = tuple[tf.types.experimental.GenericFunction, list[tf.TensorSpec]]


def make_stages(
    animator: AnyAnimator, batch: int | None, stages: Sequence[str] = STAGES
) -> dict[str, Traceable]:
    """The stages of `export.stages`.

    Args:
      animator: an `Animator`, or what `maskanim_tf.inference` made of one.
      batch: driving frames of a call, None for any number.
      stages: their names.
    """
    size, mask_size = animator.model.image_size, animator.model.mask_size
    functions: dict[str, Callable[..., Any]] = {
        SOURCE_MASK: animator.encode_source,
        ANIMATE: animator.animate,
        ANIMATE_MASK: animator.animate_mask,
        RENDER: animator.render,
    }

    def spec(key: str) -> tf.TensorSpec:
        count = 1 if key in (keys.SOURCE, keys.SOURCE_MASK) else batch
        frame = key in (keys.SOURCE, keys.DRIVING)
        shape = (size, size, 3) if frame else (mask_size, mask_size, 1)
        return tf.TensorSpec((count, *shape), tf.float32, key)

    def make(stage: str) -> Traceable:
        def run(source: tf.Tensor, *others: tf.Tensor) -> dict[str, tf.Tensor]:
            with core_only():
                if others:
                    source_mask, driver = others
                    result = functions[stage](encoded(animator, source, source_mask), driver)
                else:
                    result = functions[stage](source)
            # Under their names in the graph, too.
            return {key: tf.identity(result[key], key) for key in OUTPUTS[stage]}

        specs = [spec(key) for key in INPUTS[stage]]
        return tf.function(run, input_signature=specs), specs

    return {stage: make(stage) for stage in stages}
