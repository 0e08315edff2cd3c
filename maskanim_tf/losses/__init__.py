"""Losses and the fixed network that the perceptual loss compares features of."""

from maskanim_tf.losses.vgg import VGGFeatures
from maskanim_tf.losses.vgg_weights import load_vgg

__all__ = ["VGGFeatures", "load_vgg"]
