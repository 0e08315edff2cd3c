"""Mask generator m: where the object is and what pose it is in (equation 1).

Input:  a frame, `[batch, image_size, image_size, 3]` in [0, 1].
Output: a soft mask, `[batch, mask_size, mask_size, 1]` in (0, 1).
Stages: anti-aliased down-scaling to the mask size, hourglass, 7x7 convolution, sigmoid. In the
release the last convolution has no padding and its result is padded with zeros instead, which is
the same as a border of zeros.
Paper: section 3 and appendix A. The same network makes the source's and the driver's mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.models.network import Network, final_conv, sigmoid
from maskanim_tf.ops.resizing import antialiased_downscale

# Half of the last kernel.
BORDER = 3


class MaskGenerator(Network):
    """Extracts the mask of a frame; see the head of this file."""

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **{"name": "mask_generator", **kwargs})
        self.hourglass = self.make_hourglass(config.mask_generator, config.mask_skips)
        self.final = final_conv(1)

    def call(self, inputs: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        small = antialiased_downscale(inputs, self.config.mask_scale)
        logits = self.final(self.hourglass(small, training=training))
        mask = sigmoid(logits, self.config.temperature)
        if self.config.mask_border:
            # One where the last convolution sees nothing but features.
            size = self.config.mask_size
            inside = np.zeros((size, size, 1), np.float32)
            inside[BORDER:-BORDER, BORDER:-BORDER] = 1
            mask *= inside
        return {keys.MASK: mask}
