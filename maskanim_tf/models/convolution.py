"""The convolution that all networks are made of, with the start that the method needs."""

from __future__ import annotations

import math
from typing import Any

import keras


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
