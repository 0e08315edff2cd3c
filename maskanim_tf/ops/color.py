"""The colour augmentation A of the driving frame (section 3.1)."""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf.config import AugmentationConfig
from maskanim_tf.ops.seeds import COLOR, derived_seed


def draw_color_change(seed: tf.Tensor, config: AugmentationConfig, use: int = COLOR) -> tf.Tensor:
    """Brightness, contrast and saturation factors and a hue shift, float32 `[4]`, for one image."""
    reach = tf.constant([config.brightness, config.contrast, config.saturation, config.hue])
    unit = tf.random.stateless_uniform((4,), derived_seed(seed, use), -1.0, 1.0)
    return tf.constant([1.0, 1.0, 1.0, 0.0]) + unit * reach


def adjust_color(image: tf.Tensor, change: tf.Tensor) -> tf.Tensor:
    """Applies one colour change to one image, in the order brightness, contrast, saturation, hue.

    Args:
      image: floating `[height, width, 3]` in [0, 1].
      change: float32 `[4]`, the factors of brightness, contrast (about the mean of each channel)
        and saturation (in HSV), and the shift of hue in turns of the colour wheel.

    Returns:
      The same shape and dtype, in [0, 1].
    """
    dtype = image.dtype
    image = tf.clip_by_value(tf.cast(image, tf.float32) * change[0], 0.0, 1.0)
    # HSV is defined for colours in [0, 1] only, hence the second clip.
    image = tf.clip_by_value(tf.image.adjust_contrast(image, change[1]), 0.0, 1.0)
    image = tf.image.adjust_saturation(image, change[2])
    image = tf.image.adjust_hue(image, change[3])
    return tf.cast(tf.clip_by_value(image, 0.0, 1.0), dtype)
