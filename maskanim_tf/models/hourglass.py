"""Encoder-decoder shared by the mask generator, the mask refiner and the high-resolution generator.

Input:  `[batch, height, width, channels]`, sides divisible by 2^blocks.
Output: `[batch, height, width, block_expansion]`, with skips also the channels of the input.
Stages: `blocks` down blocks whose channels double up to `max_features`, then as many up blocks that
mirror them; with skips each encoder output joins the decoder at its size (U-Net), the input last.
Paper: appendix A.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.models.blocks import DownBlock, UpBlock


class Hourglass(keras.layers.Layer):
    """Encoder-decoder with optional U-Net skips.

    Args:
      block_expansion: channels after the last up block.
      max_features: upper bound on the channels of any block.
      blocks: number of down blocks, and of up blocks.
      order: what follows the convolution of a down block, "relu_norm" or "norm_relu".
      skips: whether encoder outputs are concatenated to decoder outputs.
    """

    def __init__(
        self,
        block_expansion: int,
        max_features: int,
        blocks: int,
        order: str = "relu_norm",
        skips: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.block_expansion = block_expansion
        self.max_features = max_features
        self.blocks = blocks
        self.order = order
        self.skips = skips
        widths = [min(max_features, block_expansion * 2**i) for i in range(blocks + 1)]
        self.down_blocks = [
            DownBlock(widths[i + 1], order, name=f"down_{i}") for i in range(blocks)
        ]
        self.up_blocks = [UpBlock(widths[blocks - 1 - i], name=f"up_{i}") for i in range(blocks)]

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        encoded = [inputs]
        for block in self.down_blocks:
            encoded.append(block(encoded[-1], training=training))
        features = encoded.pop()
        for block in self.up_blocks:
            features = block(features, training=training)
            skip = encoded.pop()
            if self.skips:
                features = tf.concat((features, skip), axis=-1)
        return features

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "block_expansion": self.block_expansion,
            "max_features": self.max_features,
            "blocks": self.blocks,
            "order": self.order,
            "skips": self.skips,
        }
