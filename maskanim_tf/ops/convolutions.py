"""Convolutions in forms that cost less, forward and backward, and compute the same up to rounding.

Features are floating `[batch, height, width, channels]`, kernels of the same dtype
`[height, width, channels, filters]`, and borders those of a Keras layer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

# For each of the 4x4 taps of `spread_kernel`, which of the 3x3 taps it adds.
_SPREAD = np.zeros((4, 4, 3, 3), np.float32)
for _row, _column in np.ndindex(2, 2):
    for _y, _x in np.ndindex(3, 3):
        _SPREAD[_row + _y, _column + _x, 2 - _y, 2 - _x] += 1


def up_convolution(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Nearest-neighbour up-sampling by 2 and a 3x3 convolution with "same" padding.

    An input pixel becomes a block of 2x2 equal ones; what the convolution spreads from them onto
    the output is one 4x4 kernel. So both together are a transposed convolution of stride 2, with
    4/9 of the multiplications, and so are their gradients.

    Args:
      inputs: `[batch, height, width, channels]`.
      kernel: `[3, 3, channels, filters]`.

    Returns:
      `[batch, 2 * height, 2 * width, filters]`.
    """
    height, width = (2 * side for side in inputs.shape[1:3])
    shape = (tf.shape(inputs)[0], height, width, kernel.shape[3])
    return tf.nn.conv2d_transpose(inputs, spread_kernel(kernel), shape, 2)


def spread_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """The kernel `[4, 4, filters, channels]` of `up_convolution`'s transposed convolution."""
    channels, filters = kernel.shape[2:]
    rows = tf.reshape(tf.transpose(kernel, (0, 1, 3, 2)), (9, filters * channels))
    spread = tf.matmul(tf.constant(_SPREAD.reshape(16, 9), kernel.dtype), rows)
    return tf.reshape(spread, (4, 4, filters, channels))


@tf.custom_gradient
def narrow_convolution(
    inputs: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """A convolution with a few filters only and "same" padding, such as the last one of a network.

    Vector units compute up to 8 or 16 filters as fast as one. So the four pixels of a block of 2x2
    become filters of a convolution with stride 2, whose kernel is one pixel larger and holds the
    four shifted ones. In the gradient of the kernel features and upstream change places, which
    makes the many channels the filters.

    Args:
      inputs: `[batch, height, width, channels]`.
      kernel: `[size, size, channels, filters]`, of odd size.

    Returns:
      `[batch, height, width, filters]`.
    """
    edge = kernel.shape[0] // 2

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        before = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(inputs),
            filter=kernel,
            out_backprop=upstream,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
        turned = tf.raw_ops.Conv2DBackpropFilter(
            input=tf.pad(upstream, ((0, 0), (edge, edge), (edge, edge), (0, 0))),
            filter_sizes=(*kernel.shape[:2], kernel.shape[3], kernel.shape[2]),
            out_backprop=inputs,
            strides=[1, 1, 1, 1],
            padding="VALID",
        )
        return before, tf.transpose(turned[::-1, ::-1], (0, 1, 3, 2))

    if inputs.shape[1] % 2 or inputs.shape[2] % 2:
        return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradient
    blocks = tf.nn.conv2d(inputs, block_kernel(kernel), 2, "SAME")
    return tf.nn.depth_to_space(blocks, 2), gradient


def block_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """The kernel of `narrow_convolution` for blocks of 2x2 pixels.

    Returns:
      `[size + 1, size + 1, channels, 4 * filters]`; the groups of filters are the upper left, upper
      right, lower left and lower right pixel of a block.
    """
    shifted = [
        tf.pad(kernel, ((row, 1 - row), (column, 1 - column), (0, 0), (0, 0)))
        for row, column in np.ndindex(2, 2)
    ]
    return tf.concat(shifted, -1)
