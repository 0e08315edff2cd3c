"""The layers of the inference form: plain TensorFlow operations on finished weights.

Features are float32 `[batch, height, width, channels]`. Each layer is called like the Keras layer
that it stands for; `training` is accepted and means nothing. Weights are either NumPy arrays, which
become constants of the graph that uses them, or variables, which several graphs can share.
"""

from __future__ import annotations

from typing import Union

import numpy as np
import tensorflow as tf

Weights = Union[np.ndarray, tf.Variable]
ONE_PIXEL = ((0, 0), (1, 1), (1, 1), (0, 0))


class Convolution:
    """A convolution of stride 1 with a bias, and optionally a relu.

    Args:
      kernel: float32 `[height, width, channels, filters]`.
      bias: float32 `[filters]`.
      padding: "same" or "valid".
      relu: whether negative results become zero.
    """

    def __init__(
        self, kernel: Weights, bias: Weights, padding: str = "same", relu: bool = False
    ) -> None:
        self.kernel = kernel
        self.bias = bias
        self.padding = padding.upper()
        self.relu = relu

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = tf.nn.conv2d(inputs, self.kernel, strides=1, padding=self.padding)
        features = tf.nn.bias_add(features, self.bias)
        return tf.nn.relu(features) if self.relu else features


class DownConvolution:
    """Convolution with relu, 2x2 average pooling, and what is left of a batch norm behind a relu.

    A scale before the pooling equals one after it, and a positive one before the relu equals one
    behind it, so it is already part of the convolution. The shift cannot move into the next
    convolution, whose padding must stay zero; behind the pooling it touches a quarter of the
    pixels.

    Args:
      convolution: with relu.
      scale: float32 `[filters]`, or None where the convolution has it all.
      shift: float32 `[filters]`, or None.
    """

    def __init__(
        self, convolution: Convolution, scale: Weights | None, shift: Weights | None
    ) -> None:
        self.convolution = convolution
        self.scale = scale
        self.shift = shift

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = tf.nn.avg_pool2d(self.convolution(inputs), 2, 2, "VALID")
        if self.scale is not None:
            features = features * self.scale
        return features if self.shift is None else tf.nn.bias_add(features, self.shift)


class SubPixelConvolution:
    """Nearest-neighbour up-sampling by 2 and a 3x3 convolution, in one at the lower resolution.

    Among the nine pixels under the kernel only four differ, so each of the four output pixels that
    lie over one input pixel is a 2x2 convolution. All four are one convolution of the input with a
    border of one zero pixel; its results, interleaved, have a surplus border of one pixel.

    Args:
      convolution: made from `sub_pixel_kernel`, without padding.
    """

    def __init__(self, convolution: Convolution) -> None:
        self.convolution = convolution

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.convolution(tf.pad(inputs, ONE_PIXEL))
        return tf.nn.depth_to_space(features, 2)[:, 1:-1, 1:-1]


class ResidualConvolutions:
    """A residual block: affine map, relu, two convolutions, added to the input.

    The affine map is the block's first batch norm. It stays, since the sum takes the input as it
    was before; the second one is part of the first convolution.

    Args:
      scale: float32 `[channels]`.
      shift: float32 `[channels]`.
      first: the first convolution, with relu.
      second: the second convolution.
    """

    def __init__(
        self, scale: Weights, shift: Weights, first: Convolution, second: Convolution
    ) -> None:
        self.scale = scale
        self.shift = shift
        self.first = first
        self.second = second

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = tf.nn.relu(inputs * self.scale + self.shift)
        return inputs + self.second(self.first(features))


def identity(inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Stands for a batch norm that is part of the convolution before it."""
    return inputs


def sub_pixel_kernel(kernel: np.ndarray) -> np.ndarray:
    """The kernel of `SubPixelConvolution`.

    Args:
      kernel: `[3, 3, channels, filters]`, of a convolution after up-sampling by 2.

    Returns:
      `[2, 2, channels, 4 * filters]`; the groups of filters are the upper left, upper right, lower
      left and lower right pixel around each corner where four input pixels meet.
    """
    # Left or above of such a corner lies the second pixel over an input pixel: its kernel reaches
    # that pixel with two of its three taps, and the next pixel with the last.
    before = np.array([[1, 1, 0], [0, 0, 1]], kernel.dtype)
    after = np.array([[1, 0, 0], [0, 1, 1]], kernel.dtype)
    rows = columns = np.stack((before, after))
    # p, q: the pixel; t, s: tap of the small kernel; h, w: tap of the large one.
    small = np.einsum("pth,qsw,hwcf->tscpqf", rows, columns, kernel)
    return small.reshape(2, 2, kernel.shape[2], -1)
