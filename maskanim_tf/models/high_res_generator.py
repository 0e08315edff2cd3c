"""High-resolution generator h: the final frame (equations 4 and 7).

Input:  s and c `[batch, image_size, image_size, 3]`, U(m_s) and the up-scaled driving mask
        `[batch, image_size, image_size, 1]`, all in [0, 1].
Output: the frame f, `[batch, image_size, image_size, 3]` in (0, 1).
Stages: concatenation to 8 channels, hourglass with U-Net skips, 7x7 convolution, sigmoid.
With correspondence f is c, corrected.
Paper: section 3 and appendix A.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.models.network import Network, final_conv, logit, sigmoid


class HighResGenerator(Network):
    """Generates the final frame; see the head of this file."""

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **{"name": "high_res_generator", **kwargs})
        self.hourglass = self.make_hourglass(config.high_res_generator, skips=True)
        self.final = final_conv(3)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> dict[str, tf.Tensor]:
        stacked = tf.concat(
            (
                inputs[keys.SOURCE],
                inputs[keys.SOURCE_MASK],
                inputs[keys.COARSE],
                inputs[keys.DRIVING_MASK],
            ),
            axis=-1,
        )
        logits = self.final(self.hourglass(stacked, training=training))
        if self.config.correspondence:
            logits += logit(inputs[keys.COARSE])
        return {keys.FRAME: sigmoid(logits)}
