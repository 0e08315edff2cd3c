"""Changes of image size: D and U of the paper, and the anti-aliased down-scaling for masks."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from maskanim_tf.ops.addons import gaussian_filter


def resize_bilinear(images: tf.Tensor, size: int) -> tf.Tensor:
    """Operators D and U (section 3): bilinear, half-pixel centres, no corner alignment.

    Args:
      images: floating `[batch, height, width, channels]`.
      size: height and width of the result in pixels.

    Returns:
      `[batch, size, size, channels]` of the same dtype.
    """
    if images.shape[1] == size and images.shape[2] == size:
        return images
    # tf.image.resize gives float32 whatever it was fed.
    return tf.cast(tf.image.resize(images, (size, size), method="bilinear"), images.dtype)


@tf.custom_gradient
def double_nearest(images: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Nearest-neighbour up-sampling by 2.

    Its gradient is a pooling, which XLA can compile; TensorFlow's own it cannot.

    Args:
      images: floating `[batch, height, width, channels]`.

    Returns:
      `[batch, 2 * height, 2 * width, channels]` of the same dtype.
    """
    size = (2 * images.shape[1], 2 * images.shape[2])

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return 4 * tf.nn.avg_pool2d(upstream, 2, 2, "VALID")

    return tf.image.resize(images, size, method="nearest"), gradient


def antialiased_downscale(images: tf.Tensor, scale: float) -> tf.Tensor:
    """Gaussian blur, then every `1 / scale`-th pixel; it feeds the mask generator.

    Args:
      images: floating `[batch, height, width, channels]`.
      scale: 1 / scale is a whole number that divides height and width.

    Returns:
      `[batch, height * scale, width * scale, channels]` of the same dtype.

    Raises:
      ValueError: 1 / scale is not a whole number.
    """
    step = round(1 / scale)
    if abs(step * scale - 1) > 1e-6:
        raise ValueError(f"scale is {scale}, but must be 1 divided by a whole number")
    if step == 1:
        return images
    sigma = (step - 1) / 2
    size = 2 * round(4 * sigma) + 1
    blurred = gaussian_filter(tf.cast(images, tf.float32), size, sigma)
    # The mean of one pixel is that pixel; slices with a step cannot be converted for ncnn.
    return tf.cast(tf.nn.avg_pool2d(blurred, 1, step, "VALID"), images.dtype)
