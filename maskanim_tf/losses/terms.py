"""The loss terms (equations 8 to 10): pure functions that return one float32 value per sample."""

from __future__ import annotations

import keras
import tensorflow as tf

from maskanim_tf.ops.resizing import pyramid

# Features of one image: a dict of layers per size of the pyramid.
Features = list[dict[str, tf.Tensor]]

# Side of a window that no detail of a face fills, as a share of the mask's.
_LARGEST_DETAIL = 0.17


def mask_loss(refined: tf.Tensor, target: tf.Tensor, weights: tf.Tensor | float = 1.0) -> tf.Tensor:
    """L1 distance of the refined mask to the driver's own mask (equation 8).

    Args:
      refined: m_d, float32 `[batch, mask_size, mask_size, 1]`.
      target: m(A(d)), same shape; no gradient reaches it.
      weights: of the pixels; 1 is the paper.

    Returns:
      float32 `[batch]`.
    """
    distance = weights * tf.abs(refined - tf.stop_gradient(target))
    return tf.reduce_mean(distance, axis=(1, 2, 3))


def details_of(sketches: tf.Tensor) -> tf.Tensor:
    """Where small dark things lie in bright ones: eyes, brows and mouth in a face.

    That is what a morphological closing fills, with a pixel around.

    Args:
      sketches: masks by ground truth (`data.mask_sketch`), float32 in [0, 1]
        `[batch, mask_size, mask_size, 1]`.

    Returns:
      float32 in [0, 1], same shape.
    """
    side = 2 * round(sketches.shape[1] * _LARGEST_DETAIL / 2) + 1
    filled = -_highest(-_highest(sketches, side), side)
    return tf.minimum(1.0, 4 * _highest(filled - sketches, 3))


def _highest(values: tf.Tensor, side: int) -> tf.Tensor:
    return tf.nn.max_pool2d(values, side, 1, "SAME")


def pyramid_features(images: tf.Tensor, network: keras.Model, levels: int) -> Features:
    """VGG features of an image at full, half, quarter, ... size (equation 10).

    Args:
      images: float32 `[batch, size, size, 3]` in [0, 1].
      network: a `VGGFeatures`.
      levels: how many sizes.
    """
    return [network(level) for level in pyramid(images, levels)]


def perceptual_loss(features: Features, target: Features) -> tf.Tensor:
    """Sum over sizes and layers of the mean absolute difference of features (equations 9 and 10).

    Args:
      features: of the generated image.
      target: of the driver as filmed; no gradient reaches them.

    Returns:
      float32 `[batch]`.
    """
    return tf.add_n(
        [
            # Sums are float32 whatever the features are.
            tf.reduce_mean(
                tf.abs(tf.cast(ours[layer] - tf.stop_gradient(wanted[layer]), tf.float32)),
                axis=(1, 2, 3),
            )
            for ours, wanted in zip(features, target)
            for layer in ours
        ]
    )
