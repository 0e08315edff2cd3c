"""Keras layers as the method needs them, computed in cheaper forms that give the same."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.ops.convolutions import narrow_convolution, up_convolution


class Convolution(keras.layers.Conv2D):
    """Two-dimensional convolution whose kernel and bias start uniform in +-1/sqrt(fan-in).

    The start is part of the method: Keras' own makes the last convolutions of the mask networks 2.4
    times as large, and where their logits are divided by a temperature of 0.1 the masks then start
    saturated and never recover (docs/masks.md).

    Maps `[batch, height, width, channels]` to `[batch, height, width, filters]` with the padding
    "same", which is the default here.

    Args:
      filters: number of output channels.
      kernel_size: height and width of the kernel in pixels.
      padding: "same" or "valid".
    """

    def __init__(self, filters: int, kernel_size: int, padding: str = "same", **kwargs: Any):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)

    def build(self, input_shape: Any) -> None:
        bound = 1 / math.sqrt(math.prod(self.kernel_size) * input_shape[-1])
        # Two objects: in Keras 3 one would draw the same values twice.
        self.kernel_initializer = keras.initializers.RandomUniform(-bound, bound)
        self.bias_initializer = keras.initializers.RandomUniform(-bound, bound)
        super().build(input_shape)


class UpConvolution(Convolution):
    """Nearest-neighbour up-sampling by 2 and a 3x3 convolution with "same" padding.

    Maps `[batch, height, width, channels]` to `[batch, 2 * height, 2 * width, filters]`.

    Args:
      filters: number of output channels.
      **kwargs: of `Convolution`.
    """

    def __init__(self, filters: int, **kwargs: Any):
        super().__init__(filters, 3, **kwargs)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        features = up_convolution(inputs, tf.cast(self.kernel, self.compute_dtype))
        return tf.nn.bias_add(features, tf.cast(self.bias, self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        return batch, 2 * height, 2 * width, self.filters


class NarrowConvolution(Convolution):
    """A convolution with a few filters and a kernel of odd size; arguments as there."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = tf.cast(self.kernel, self.compute_dtype)
        features = narrow_convolution(inputs, kernel)
        return tf.nn.bias_add(features, tf.cast(self.bias, self.compute_dtype))


class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalization with the paper's constants, whose statistics all replicas share.

    With one replica nothing is to be shared, and TensorFlow's fused operation takes about half of
    the time; arguments are those of Keras' layer.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**{"epsilon": 1e-5, "momentum": 0.9, "synchronized": True, **kwargs})

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or tf.distribute.get_strategy().num_replicas_in_sync > 1:
            return super().call(inputs, training=training)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        # The operation estimates the population's variance; Keras keeps that of the batch.
        count = tf.cast(tf.size(inputs) / tf.size(variance), tf.float32)
        variance *= (count - 1) / count
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * value)
        return outputs
