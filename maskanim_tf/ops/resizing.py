"""Changes of image size: D and U of the paper, and the anti-aliased down-scaling for masks."""

from __future__ import annotations

import functools

import numpy as np
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
    size, sigma = _filter_of(step)
    blurred = gaussian_filter(tf.cast(images, tf.float32), size, sigma)
    # The mean of one pixel is that pixel; slices with a step cannot be converted for ncnn.
    return tf.cast(tf.nn.avg_pool2d(blurred, 1, step, "VALID"), images.dtype)


def pyramid(images: tf.Tensor, levels: int) -> list[tf.Tensor]:
    """Images at full, half, quarter, ... size: `antialiased_downscale`, made for gradients.

    The filter and the choice of pixels are one matrix, applied to columns and to rows: what is not
    kept is never computed, and the gradient is two products as well.

    Args:
      images: float32 `[batch, height, width, channels]`.
      levels: how many sizes; 2^(levels - 1) divides height and width.
    """
    return [images] + [_product_downscale(images, 2**level) for level in range(1, levels)]


def _product_downscale(images: tf.Tensor, step: int) -> tf.Tensor:
    height, width, channels = images.shape[1:]
    rows = tf.matmul(_downscaling(height, step), tf.reshape(images, (-1, height, width * channels)))
    rows = tf.reshape(rows, (-1, height // step, width, channels))
    return tf.matmul(_downscaling(width, step), rows)


@functools.lru_cache(maxsize=16)
def _downscaling(side: int, step: int) -> np.ndarray:
    """The Gaussian weights of all pixels in each kept one, float32 `[side / step, side]`."""
    size, sigma = _filter_of(step)
    reach = size // 2
    weights = np.exp(-((np.arange(size) - reach) ** 2) / (2 * sigma**2))
    matrix = np.zeros((side // step, side + 2 * reach))
    for row, line in enumerate(matrix):
        line[row * step : row * step + size] = weights / weights.sum()
    return matrix[:, reach : reach + side].astype(np.float32)


def _filter_of(step: int) -> tuple[int, float]:
    """Side in pixels and standard deviation of the filter before every `step`-th pixel is kept."""
    sigma = (step - 1) / 2
    return 2 * round(4 * sigma) + 1, sigma
