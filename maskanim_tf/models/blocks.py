"""The three building blocks of all networks (appendix A)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.config.sections import ENCODER_ORDERS
from maskanim_tf.models.layers import BatchNorm, Convolution, UpConvolution


class DownBlock(keras.layers.Layer):
    """3x3 convolution, relu and batch norm in either order, 2x2 average pooling.

    Maps `[batch, height, width, channels]` to `[batch, height / 2, width / 2, filters]`.

    Args:
      filters: number of output channels.
      order: "relu_norm" (the paper) or "norm_relu" (the release).

    Raises:
      ValueError: unknown order.
    """

    def __init__(self, filters: int, order: str = "relu_norm", **kwargs: Any):
        super().__init__(**kwargs)
        if order not in ENCODER_ORDERS:
            raise ValueError(f"order is {order!r}, but must be one of {', '.join(ENCODER_ORDERS)}")
        self.filters = filters
        self.order = order
        self.conv = Convolution(filters, 3, name="conv")
        self.norm = BatchNorm(name="norm")
        self.pool = keras.layers.AveragePooling2D(2, name="pool")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.conv(inputs)
        if self.order == "relu_norm":
            features = self.norm(tf.nn.relu(features), training=training)
        else:
            features = tf.nn.relu(self.norm(features, training=training))
        return self.pool(features)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "order": self.order}


class UpBlock(keras.layers.Layer):
    """Nearest-neighbour up-sampling by 2, 3x3 convolution, batch norm, relu.

    Maps `[batch, height, width, channels]` to `[batch, 2 * height, 2 * width, filters]`.

    Args:
      filters: number of output channels.
    """

    def __init__(self, filters: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = filters
        self.conv = UpConvolution(filters, name="conv")
        self.norm = BatchNorm(name="norm")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.relu(self.norm(self.conv(inputs), training=training))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}


class ResidualBlock(keras.layers.Layer):
    """Twice batch norm, relu and 3x3 convolution, added to the input; shapes stay.

    Args:
      filters: number of channels of input and output.
      dilation: distance in pixels between the taps of both kernels.
    """

    def __init__(self, filters: int, dilation: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = filters
        self.dilation = dilation
        self.norm1 = BatchNorm(name="norm1")
        self.conv1 = Convolution(filters, 3, dilation_rate=dilation, name="conv1")
        self.norm2 = BatchNorm(name="norm2")
        self.conv2 = Convolution(filters, 3, dilation_rate=dilation, name="conv2")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.conv1(tf.nn.relu(self.norm1(inputs, training=training)))
        features = self.conv2(tf.nn.relu(self.norm2(features, training=training)))
        return inputs + features

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "dilation": self.dilation}
