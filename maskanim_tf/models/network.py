"""What the four networks have in common."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf.config import ModelConfig
from maskanim_tf.config.sections import HourglassConfig
from maskanim_tf.models.correspondence import Correspondence
from maskanim_tf.models.hourglass import Hourglass
from maskanim_tf.models.layers import NarrowConvolution


class Network(keras.Model):
    """A Keras model made from a `ModelConfig`, which is also its Keras configuration.

    Args:
      config: sizes and options of all four networks.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        # Each layer casts what it is given to its own type; frames that are added to stay exact.
        super().__init__(**{"autocast": False, **kwargs})
        self.config = config

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "config": self.config.to_dict()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Network:
        values = dict(config)
        return cls(ModelConfig.from_dict(values.pop("config")), **values)

    def make_hourglass(self, shape: HourglassConfig, skips: bool = False) -> Hourglass:
        """The encoder-decoder of this network at the configured width."""
        return Hourglass(
            self.config.scaled(shape.block_expansion),
            self.config.scaled(shape.max_features),
            shape.blocks,
            self.config.encoder_order,
            skips,
            name="hourglass",
        )

    def make_correspondence(self) -> Correspondence | None:
        """What compares masks in this network, where that is configured."""
        if not self.config.correspondence:
            return None
        features = self.config.scaled(self.config.correspondence)
        return Correspondence(features, self.config.encoder_order, name="correspondence")


def final_conv(channels: int) -> keras.layers.Layer:
    """The 7x7 convolution that ends every network, in float32: 16 bits would show as steps."""
    return NarrowConvolution(channels, 7, dtype="float32", name="final")


def sigmoid(logits: tf.Tensor, temperature: float = 1.0) -> tf.Tensor:
    """Sigmoid of `logits / temperature`."""
    return tf.nn.sigmoid(logits / temperature)


def logit(values: tf.Tensor) -> tf.Tensor:
    """The inverse of the sigmoid, for values in [0, 1]; the last of 255 levels stay finite."""
    inside = tf.clip_by_value(values, 1 / 255, 254 / 255)
    return tf.math.log(inside / (1 - inside))
