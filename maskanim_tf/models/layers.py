"""Keras layers with the weights of Keras' own, computed in cheaper forms that give the same."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.models.convolution import Convolution
from maskanim_tf.ops.convolutions import narrow_convolution, up_convolution


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
    """Batch normalization whose statistics all replicas share.

    With one replica nothing is to be shared, and TensorFlow's fused operation takes about half of
    the time; arguments are those of Keras' layer.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**{"synchronized": True, **kwargs})

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
