"""The layers of the inference form: plain TensorFlow operations on finished weights.

Features are floating `[batch, height, width, channels]`. Each layer is called like the Keras layer
that it stands for; `training` is accepted and means nothing. Weights are either NumPy arrays, which
become constants of the graph that uses them, or variables, which several graphs can share.
A convolution computes in the type of its kernel and adds the bias in the type of that.
"""

from __future__ import annotations

import dataclasses
from typing import Union

import numpy as np
import tensorflow as tf

from maskanim_tf.ops.convolutions import spread_kernel
from maskanim_tf.ops.warping import warp

Weights = Union[np.ndarray, tf.Variable]
ONE_PIXEL = ((0, 0), (1, 1), (1, 1), (0, 0))


@dataclasses.dataclass(eq=False)
class Convolution:
    """A convolution with a bias, and optionally a relu.

    Args:
      kernel: floating `[height, width, channels, filters]`.
      bias: floating `[filters]`.
      padding: "same" or "valid".
      relu: whether negative results become zero.
      stride: in both directions.
      dilation: distance in pixels between the taps of the kernel.
    """

    kernel: Weights
    bias: Weights
    padding: str = "same"
    relu: bool = False
    stride: int = 1
    dilation: int = 1

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.convolve(tf.cast(inputs, self.kernel.dtype))
        features = tf.nn.bias_add(tf.cast(features, self.bias.dtype), self.bias)
        return tf.nn.relu(features) if self.relu else features

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """The convolution alone."""
        return tf.nn.conv2d(
            inputs, self.kernel, self.stride, self.padding.upper(), dilations=self.dilation
        )


@dataclasses.dataclass(eq=False)
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

    convolution: Convolution
    scale: Weights | None
    shift: Weights | None

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = tf.nn.avg_pool2d(self.convolution(inputs), 2, 2, "VALID")
        if self.scale is not None:
            features = features * self.scale
        return features if self.shift is None else tf.nn.bias_add(features, self.shift)


@dataclasses.dataclass(eq=False)
class SubPixelConvolution:
    """Nearest-neighbour up-sampling by 2 and a 3x3 convolution, in one at the lower resolution.

    Among the nine pixels under the kernel only four differ, so each of the four output pixels that
    lie over one input pixel is a 2x2 convolution. All four are one convolution of the input with a
    border of one zero pixel; its results, interleaved, have a surplus border of one pixel.

    Args:
      convolution: made from `sub_pixel_kernel`, without padding.
    """

    convolution: Convolution

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.convolution(tf.pad(inputs, ONE_PIXEL))
        return tf.nn.depth_to_space(features, 2)[:, 1:-1, 1:-1]


@dataclasses.dataclass(eq=False)
class NearestConvolution:
    """Nearest-neighbour up-sampling by 2 and a convolution, as it was trained: the fewest weights.

    Args:
      convolution: with the trained kernel.
    """

    convolution: Convolution

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        size = [2 * side for side in inputs.shape[1:3]]
        return self.convolution(tf.raw_ops.ResizeNearestNeighbor(images=inputs, size=size))


class TransposedConvolution(Convolution):
    """A transposed convolution with a bias, and optionally a relu; borders as with "same" padding.

    Two layers can be computed so, borders included. With stride 1 it is a convolution whose kernel
    is turned by 180 degrees; for one with few filters that means large matrices instead of small
    ones. With stride 2 and `spread_kernel` it is nearest-neighbour up-sampling and a convolution:
    an input pixel becomes a block of 2x2 equal ones, and what they add to the output overlaps.

    Args:
      kernel: float32 `[height, width, filters, channels]`, from `turned_kernel` or `spread_kernel`.
      stride: output pixels per input pixel in each direction.
    """

    def convolve(self, inputs: tf.Tensor) -> tf.Tensor:
        """The convolution alone."""
        height, width = (self.stride * side for side in inputs.shape[1:3])
        shape = (tf.shape(inputs)[0], height, width, self.kernel.shape[2])
        return tf.nn.conv2d_transpose(inputs, self.kernel, shape, self.stride)


class WinogradUpConvolution:
    """Nearest-neighbour up-sampling by 2 and a 3x3 convolution, for runtimes with Winograd kernels.

    It becomes one 3x3 convolution of the input that gives the four pixels over each of its pixels:
    more multiplications than `SubPixelConvolution`, of which Winograd's algorithm saves three in
    four. A small input has too few tiles for that and is a transposed convolution.

    Args:
      kernel: float32 `[3, 3, channels, filters]`.
      bias: float32 `[filters]`.
    """

    # Height and width from which on Winograd's algorithm is faster.
    large = 32

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        spread = spread_kernel(kernel).numpy()
        self.transposed = TransposedConvolution(spread, bias, stride=2, relu=True)
        wide = Convolution(wide_sub_pixel_kernel(kernel), np.tile(bias, 4), relu=True)
        self.blocks = BlockConvolution(wide)

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if min(inputs.shape[1:3]) < self.large:
            return self.transposed(inputs)
        return self.blocks(inputs)


@dataclasses.dataclass(eq=False)
class BlockConvolution:
    """A convolution whose filters are the four pixels of blocks of 2x2.

    With few filters and a kernel of odd size: vector units compute up to 16 filters as fast as one.
    The convolution then has stride 2, and its kernel is one pixel larger and holds the four shifted
    ones. Height and width of the result must be even.

    Args:
      convolution: of stride 2, made from `block_kernel`, or as in `WinogradUpConvolution`.
    """

    convolution: Convolution

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.depth_to_space(self.convolution(inputs), 2)


@dataclasses.dataclass(eq=False)
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

    scale: Weights
    shift: Weights
    first: Convolution
    second: Convolution

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
    return _four_kernels(kernel, np.stack((before, after)))


def wide_sub_pixel_kernel(kernel: np.ndarray) -> np.ndarray:
    """The kernel of `WinogradUpConvolution`.

    Args:
      kernel: `[3, 3, channels, filters]`, of a convolution after up-sampling by 2.

    Returns:
      `[3, 3, channels, 4 * filters]`; the groups of filters are the upper left, upper right, lower
      left and lower right pixel over an input pixel.
    """
    # The first pixel over an input pixel reaches it with two taps and the one before with one.
    first = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]], kernel.dtype)
    second = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 1]], kernel.dtype)
    return _four_kernels(kernel, np.stack((first, second)))


def turned_kernel(kernel: np.ndarray) -> np.ndarray:
    """The kernel of a `TransposedConvolution` with stride 1 that equals a convolution.

    Args:
      kernel: `[height, width, channels, filters]`.

    Returns:
      `[height, width, filters, channels]`.
    """
    return np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))


def _four_kernels(kernel: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """One kernel for the four pixels of a block.

    Args:
      kernel: `[3, 3, channels, filters]`.
      taps: for both pixels in a direction, which taps of `kernel` are added for each of their own.
    """
    # p, q: the pixel; t, s: tap of the result; h, w: tap of the kernel.
    four = np.einsum("pth,qsw,hwcf->tscpqf", taps, taps, kernel, optimize=True)
    return four.reshape(*four.shape[:3], -1)


def warp_by_grid(pictures: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """`ops.warping.warp` as one operation, for runtimes that have no gather.

    The operation is TensorFlow's `PyFunc`, whose inputs are the pictures and a grid as ONNX's
    GridSample defines it: columns and rows from -1 to 1, the centres of the outermost pixels.
    """
    _, height, width, _ = pictures.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    centres = np.stack((columns, rows), -1).astype(np.float32)[np.newaxis]
    halves = np.array((width - 1, height - 1), np.float32) / 2
    grid = centres + tf.concat((steps[..., 1:] / halves[0], steps[..., :1] / halves[1]), -1)

    def sample(pictures: np.ndarray, grid: np.ndarray) -> np.ndarray:
        return warp(pictures, ((grid - centres) * halves)[..., ::-1]).numpy()

    sampled = tf.numpy_function(sample, (pictures, grid), pictures.dtype)
    return tf.ensure_shape(sampled, pictures.shape)
