"""The inference rewrite: the same function as a trained animator, in fewer operations.

Batch norms are folded into convolutions. Every up-sampling convolution works at the lower
resolution, with 4/9 of its multiplications. Last convolutions, which have one or three filters,
keep all lanes of a vector unit busy. The networks themselves are not written a second time:
`Rewritten` runs the code of a network on replaced layers.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from typing import Any, Union

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf.inference.plain_layers import (
    BlockConvolution,
    Convolution,
    DownConvolution,
    NearestConvolution,
    ResidualConvolutions,
    SubPixelConvolution,
    TransposedConvolution,
    Weights,
    WinogradUpConvolution,
    identity,
    sub_pixel_kernel,
    turned_kernel,
    warp_by_grid,
)
from maskanim_tf.inference.precision import FLOAT32
from maskanim_tf.models import Animator, LowResGenerator, Networks
from maskanim_tf.models.blocks import DownBlock, ResidualBlock, UpBlock
from maskanim_tf.models.hourglass import Hourglass
from maskanim_tf.models.network import Network
from maskanim_tf.models.weights import fingerprint
from maskanim_tf.ops.convolutions import block_kernel
from maskanim_tf.ops.warping import warp


class Rewritten:
    """An animator or a network whose methods run on replaced layers.

    Everything that is not replaced is that of the original, and so are the methods, but for `self`.

    Args:
      original: what is rewritten; it is not changed.
      input_type: what a tensor that it is called with is cast to; as it is without.
      **replaced: attributes that differ.
    """

    def __init__(self, original: Any, input_type: str = "", **replaced: Any) -> None:
        self._original = original
        self._input_type = input_type
        vars(self).update(replaced)

    def __getattr__(self, name: str) -> Any:
        method = getattr(type(self._original), name, None)
        if isinstance(method, types.FunctionType):
            return types.MethodType(method, self)
        return getattr(self._original, name)

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        if self._input_type:
            inputs = tf.cast(inputs, self._input_type)
        return self.call(inputs, training=training)


# Scale and shift of channels that change nothing.
NO_MAP = (np.ones(1), np.zeros(1))

# Elements from which on a kernel stays as it is where a compact form is asked for.
LARGE_KERNEL = 250_000

# Both have the same methods.
AnyAnimator = Union[Animator, Rewritten]


def rewrite(
    animator: Animator,
    shared: bool = False,
    winograd: bool = False,
    blocks: bool = True,
    precision: str = FLOAT32,
    compact: bool = False,
) -> Rewritten:
    """An equivalent of a trained animator for inference, with its methods.

    Args:
      animator: with its weights; it is not changed.
      shared: weights are variables, which several graphs can share, instead of constants.
      winograd: for runtimes with Winograd kernels and fast transposed convolutions, such as ncnn;
        the weights are constants then.
      blocks: without it, last convolutions stay as they are, but for `winograd`.
      precision: float32 or bfloat16, from the first to the last convolution; masks, P_test, the
        last addition and the sigmoid are float32 always.
      compact: the largest kernels stay as they were trained instead of growing by 7/9 for fewer
        multiplications; they belong to small features, so that it costs little time.

    Raises:
      ValueError: another precision than float32 with `winograd`.
    """
    if winograd and precision != FLOAT32:
        raise ValueError(f"precision is {precision!r}, but must be float32 with winograd")
    rewriter = _Rewriter(shared, winograd, blocks, precision, compact)
    mask_generator, mask_refiner, low_res_generator, high_res_generator = animator.networks
    rewritten: list[Any] = [
        rewriter.network(mask_generator),
        rewriter.network(mask_refiner),
        rewriter.low_res_generator(low_res_generator),
        rewriter.network(high_res_generator),
    ]
    return Rewritten(animator, networks=Networks(*rewritten))


def original_of(rewritten: Any) -> Any:
    """What was rewritten; anything else as it is."""
    return vars(rewritten)["_original"] if isinstance(rewritten, Rewritten) else rewritten


def mask_model_of(animator: AnyAnimator) -> str:
    """The mask generator's fingerprint, in 16 bits that of the weights they were rounded from."""
    return fingerprint(original_of(original_of(animator).networks.mask_generator))


def at_precision(animator: Animator, precision: str) -> AnyAnimator:
    """An animator for measurements: as trained in float32, rewritten in bfloat16."""
    return animator if precision == FLOAT32 else rewrite(animator, True, precision=precision)


@dataclasses.dataclass
class _Rewriter:
    """Makes the inference form of every part of a network."""

    shared: bool
    winograd: bool
    blocks: bool
    precision: str
    compact: bool

    def network(self, network: Network) -> Rewritten:
        """A network that is an hourglass and a last convolution."""
        return Rewritten(
            network,
            **self.correspondence(network),
            hourglass=self.hourglass(network.hourglass),
            final=self.final(network.final),
        )

    def low_res_generator(self, network: LowResGenerator) -> Rewritten:
        return Rewritten(
            network,
            **self.correspondence(network),
            first=self.convolution(network.first, affine_map(network.norm)),
            norm=identity,
            residual_blocks=[self.residual(block) for block in network.residual_blocks],
            up_blocks=[self.up(block) for block in network.up_blocks],
            final=self.final(network.final),
        )

    def correspondence(self, network: Network) -> dict[str, Any]:
        """What replaces the comparison of masks in networks that have one."""
        layer = getattr(network, "correspondence", None)
        if layer is None:
            return {}
        rewritten = Rewritten(
            layer,
            warp=warp_by_grid if self.winograd else warp,
            first=self.down(layer.first),
            hourglass=self.hourglass(layer.hourglass),
            describe=self.convolution(layer.describe, precision=FLOAT32),
            up=self.up(layer.up),
            compare=self.convolution(layer.compare),
            correct=self.convolution(layer.correct, precision=FLOAT32),
            locality=self.keep(np.asarray(layer.locality), FLOAT32),
        )
        return {"correspondence": rewritten}

    def hourglass(self, hourglass: Hourglass) -> Rewritten:
        return Rewritten(
            hourglass,
            self.precision,
            down_blocks=[self.down(block) for block in hourglass.down_blocks],
            up_blocks=[self.up(block) for block in hourglass.up_blocks],
        )

    def down(self, block: DownBlock) -> DownConvolution:
        scale, shift = affine_map(block.norm)
        if block.order == "norm_relu":
            convolution = self.convolution(block.conv, (scale, shift), relu=True)
            return DownConvolution(convolution, None, None)
        convolution = self.convolution(block.conv, (np.abs(scale), 0 * shift), relu=True)
        sign = None if np.all(scale >= 0) else self.keep(np.sign(scale))
        return DownConvolution(convolution, sign, self.keep(shift))

    def up(self, block: UpBlock) -> Callable[..., tf.Tensor]:
        kernel, bias = folded(block.conv, affine_map(block.norm))
        if self.winograd:
            return WinogradUpConvolution(kernel.astype(np.float32), bias.astype(np.float32))
        if self.compact and kernel.size >= LARGE_KERNEL:
            return NearestConvolution(Convolution(self.keep(kernel), self.keep(bias), relu=True))
        return SubPixelConvolution(
            Convolution(
                self.keep(sub_pixel_kernel(kernel)), self.keep(np.tile(bias, 4)), "valid", relu=True
            )
        )

    def residual(self, block: ResidualBlock) -> ResidualConvolutions:
        scale, shift = affine_map(block.norm1)
        return ResidualConvolutions(
            self.keep(scale),
            self.keep(shift),
            self.convolution(block.conv1, affine_map(block.norm2), relu=True),
            self.convolution(block.conv2),
        )

    def convolution(
        self,
        conv: keras.layers.Layer,
        affine: tuple[np.ndarray, np.ndarray] = NO_MAP,
        relu: bool = False,
        precision: str = "",
    ) -> Convolution:
        """A convolution, followed by an affine map of its channels."""
        kernel, bias = (self.keep(each, precision) for each in folded(conv, affine))
        (dilation, _) = conv.dilation_rate
        return Convolution(kernel, bias, conv.padding, relu, dilation=dilation)

    def final(self, conv: keras.layers.Layer) -> Callable[..., tf.Tensor]:
        """The last convolution of a network, which has few filters; its bias is float32."""
        kernel, bias = folded(conv)
        if self.winograd:
            return TransposedConvolution(self.keep(turned_kernel(kernel)), self.keep(bias))
        if not self.blocks:
            return Convolution(self.keep(kernel), self.keep(bias, FLOAT32))
        bias = self.keep(np.tile(bias, 4), FLOAT32)
        return BlockConvolution(
            Convolution(self.keep(block_kernel(kernel).numpy()), bias, stride=2)
        )

    def keep(self, weights: np.ndarray, precision: str = "") -> Weights:
        weights = weights.astype(tf.as_dtype(precision or self.precision).as_numpy_dtype)
        return tf.Variable(weights, trainable=False) if self.shared else weights


def affine_map(norm: keras.layers.Layer) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift, float64 `[channels]`, that a batch norm amounts to at test time."""
    gamma, beta, mean, variance = (
        np.asarray(v, np.float64)
        for v in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale


def folded(
    conv: keras.layers.Layer, affine: tuple[np.ndarray, np.ndarray] = NO_MAP
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias, float64, of a convolution and the affine map behind it."""
    scale, shift = affine
    kernel, bias = np.asarray(conv.kernel, np.float64), np.asarray(conv.bias, np.float64)
    return kernel * scale, bias * scale + shift
