"""Mask refiner r: puts the source's identity into the perturbed driving mask (equations 2 and 5).

Input:  D(s) `[batch, mask_size, mask_size, 3]`, m_s and P(m(d)) `[batch, mask_size, mask_size, 1]`,
        all in [0, 1].
Output: the refined mask m_d, `[batch, mask_size, mask_size, 1]` in (0, 1).
Stages: concatenation to 5 channels, hourglass, 7x7 convolution, sigmoid.
With correspondence what was fetched of D(s) and m_s makes 9 channels of the 5, and m_d is the
latter, corrected.
Paper: section 3 and appendix A.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.models.network import Network, final_conv, logit, sigmoid


class MaskRefiner(Network):
    """Refines a perturbed driving mask; see the head of this file."""

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **{"name": "mask_refiner", **kwargs})
        self.correspondence = self.make_correspondence()
        self.hourglass = self.make_hourglass(config.mask_refiner, config.mask_skips)
        self.final = final_conv(1)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> dict[str, tf.Tensor]:
        stacked = [inputs[keys.SOURCE_SMALL], inputs[keys.SOURCE_MASK], inputs[keys.PERTURBED_MASK]]
        if self.correspondence is not None:
            compared = (*stacked[1:], *stacked[:2])
            stacked += self.correspondence(compared, training=training)
        logits = self.final(self.hourglass(tf.concat(stacked, axis=-1), training=training))
        logits /= self.config.temperature
        if self.correspondence is not None:
            logits += logit(stacked[-1])
        return {keys.REFINED_MASK: sigmoid(logits)}
