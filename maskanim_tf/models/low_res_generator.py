"""Low-resolution generator l: the coarse frame (equations 3 and 6).

Input:  D(s) `[batch, mask_size, mask_size, 3]`, m_s and the driving mask
        `[batch, mask_size, mask_size, 1]`, all in [0, 1].
Output: the coarse frame c, `[batch, image_size, image_size, 3]` in (0, 1).
Stages: concatenation to 5 channels, 7x7 convolution - norm - relu, residual blocks, up blocks that
halve the channels until the frame size is reached, 7x7 convolution, sigmoid.
With correspondence s is an input, too; c is what was fetched of it (another output), corrected; and
what was fetched of both s and m_s makes 9 channels of the 5.
Paper: section 3 and appendix A.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.models.blocks import ResidualBlock, UpBlock
from maskanim_tf.models.layers import BatchNorm, Convolution
from maskanim_tf.models.network import Network, final_conv, logit, sigmoid


class LowResGenerator(Network):
    """Generates the coarse frame; see the head of this file."""

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **{"name": "low_res_generator", **kwargs})
        shape = config.low_res_generator
        features = config.scaled(shape.features)
        self.correspondence = self.make_correspondence()
        self.first = Convolution(features, 7, name="first")
        self.norm = BatchNorm(name="norm")
        self.residual_blocks: list[keras.layers.Layer] = [
            ResidualBlock(features, shape.dilations[i % len(shape.dilations)], name=f"residual_{i}")
            for i in range(shape.residual_blocks)
        ]
        self.up_blocks: list[keras.layers.Layer] = [
            UpBlock(max(1, features // 2 ** (i + 1)), name=f"up_{i}")
            for i in range(config.up_blocks)
        ]
        self.final = final_conv(3)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> dict[str, tf.Tensor]:
        stacked = [inputs[keys.SOURCE_SMALL], inputs[keys.SOURCE_MASK], inputs[keys.DRIVING_MASK]]
        if self.correspondence is not None:
            compared = (*stacked[1:], inputs[keys.SOURCE], inputs[keys.SOURCE_MASK])
            fetched, fetched_mask = self.correspondence(compared, training=training)
            scale = self.config.image_size // self.config.mask_size
            stacked += [tf.nn.avg_pool2d(fetched, scale, scale, "VALID"), fetched_mask]
        features = self.first(tf.concat(stacked, axis=-1))
        features = tf.nn.relu(self.norm(features, training=training))
        for block in self.residual_blocks + self.up_blocks:
            features = block(features, training=training)
        logits = self.final(features)
        if self.correspondence is None:
            return {keys.COARSE: sigmoid(logits)}
        return {keys.COARSE: sigmoid(logits + logit(fetched)), keys.FETCHED: fetched}
