"""VGG-19 features for the perceptual loss (equation 9).

Input:  images, `[batch, height, width, 3]` in [0, 1], RGB, any size that the poolings divide.
Output: the features after the asked ReLUs, e.g. relu1_1 `[batch, height, width, 64]`,
        relu2_1 `[batch, height / 2, width / 2, 128]`.
Stages: ImageNet normalization, then only the convolutions up to the deepest asked layer.
Paper: section 3.1. The network is fixed. It may compute in bfloat16, the normalization excepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.config.sections import VGG_LAYERS

# Channels and convolutions of each stage; a max pooling lies between two stages.
STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
# Mean and standard deviation of ImageNet's RGB values in [0, 1].
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class VGGFeatures(keras.Model):
    """The first layers of VGG-19; see the head of this file.

    Weights are random until `vgg_weights.load_vgg` fills them.

    Args:
      layers: names of ReLUs out of `VGG_LAYERS`.
      width: multiplies the channels.
      seed: of the He initialization; biases start at zero.
      precision: Keras' name of the types to compute in, float32 or mixed_bfloat16.

    Raises:
      ValueError: unknown layer.
    """

    def __init__(
        self,
        layers: Sequence[str] = VGG_LAYERS[:3],
        width: float = 1.0,
        seed: int = 0,
        precision: str = "float32",
        **kwargs: Any,
    ):
        super().__init__(**{"name": "vgg19", "dtype": "float32", "trainable": False, **kwargs})
        unknown = [layer for layer in layers if layer not in VGG_LAYERS]
        if unknown or not layers:
            raise ValueError(f"layers is {layers!r}, but must be out of {', '.join(VGG_LAYERS)}")
        self.layer_names = tuple(layers)
        self.width = width
        self.seed = seed
        self.precision = precision
        deepest = max(VGG_LAYERS.index(layer) for layer in layers)
        self.stages = [
            [
                keras.layers.Conv2D(
                    max(1, round(channels * width)),
                    3,
                    padding="same",
                    activation="relu",
                    kernel_initializer=keras.initializers.HeNormal(seed=1000 * seed + 10 * s + c),
                    dtype=precision,
                    name=f"block{s + 1}_conv{c + 1}",
                )
                # Of the last stage only the first convolution is needed.
                for c in range(count if s < deepest else 1)
            ]
            for s, (channels, count) in enumerate(STAGES[: deepest + 1])
        ]
        self.pool = keras.layers.MaxPooling2D(2, dtype=precision, name="pool")
        self(keras.Input((None, None, 3)))

    @property
    def convolutions(self) -> list[keras.layers.Layer]:
        """All convolutions in order, named as Keras names those of VGG-19."""
        return [conv for stage in self.stages for conv in stage]

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        features = (inputs - tf.constant(MEAN)) / tf.constant(DEVIATION)
        outputs = {}
        for index, stage in enumerate(self.stages):
            if index:
                features = self.pool(features)
            for number, conv in enumerate(stage):
                features = conv(features)
                if number == 0 and VGG_LAYERS[index] in self.layer_names:
                    outputs[VGG_LAYERS[index]] = features
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "layers": list(self.layer_names),
            "width": self.width,
            "seed": self.seed,
            "precision": self.precision,
        }
