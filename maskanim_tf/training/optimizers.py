"""Adam, with loss scaling where networks compute in float16: the one place that knows both Kerases.

16-bit floats cannot hold small gradients. So the loss is multiplied by a scale before the gradients
are taken and the gradients divided by it afterwards; a step whose gradients overflow is skipped and
the scale halved, and after many good steps it doubles. bfloat16 has float32's range and needs none.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.config import TrainingConfig

KERAS_2 = keras.__version__.startswith("2.")


def make_optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    """Adam with the configured rates; its learning rate is a variable that the schedule sets."""
    adam = keras.optimizers.Adam(
        learning_rate=config.learning_rate, beta_1=config.beta_1, beta_2=config.beta_2
    )
    if config.precision == "mixed_float16":
        return keras.mixed_precision.LossScaleOptimizer(adam)
    return adam


def scaled_loss(optimizer: keras.optimizers.Optimizer, loss: tf.Tensor) -> tf.Tensor:
    """The loss that gradients are to be taken of."""
    if not _scales(optimizer):
        return loss
    return optimizer.get_scaled_loss(loss) if KERAS_2 else optimizer.scale_loss(loss)


def apply_scaled_gradients(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[tf.Tensor],
    variables: list[keras.Variable],
) -> None:
    """One update from gradients of `scaled_loss`, summed over replicas."""
    if KERAS_2 and _scales(optimizer):
        # Keras 3 does this inside apply_gradients.
        gradients = optimizer.get_unscaled_gradients(gradients)
    optimizer.apply_gradients(zip(gradients, variables))


def optimizer_variables(optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """All that an optimizer remembers, the scale of the loss included."""
    variables = list(optimizer.variables)
    if KERAS_2 and _scales(optimizer):
        # Keras 2 leaves them out of `variables`.
        state = optimizer._loss_scale
        variables += [state.current_loss_scale, state.counter]
    return variables


def _scales(optimizer: keras.optimizers.Optimizer) -> bool:
    return hasattr(optimizer, "inner_optimizer")
