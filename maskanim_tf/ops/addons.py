"""The one door to tensorflow-addons: affine transforms and Gaussian filtering.

tensorflow-addons does not exist for Keras 3. Without it the functions fall back to core TensorFlow
with equal results; `tests/ops/test_addons.py` compares the two.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import tensorflow as tf

try:
    with warnings.catch_warnings():
        # On import it announces its end of life to every user; BUILD_NOTES.md says so once.
        warnings.simplefilter("ignore")
        import tensorflow_addons as tfa
except ImportError:
    tfa = None


_core_only = False


@contextlib.contextmanager
def core_only() -> Iterator[None]:
    """Inside it core TensorFlow filters, also where tensorflow-addons is there.

    Graphs for other runtimes are traced so: not all of them have the operations that
    tensorflow-addons is made of.
    """
    global _core_only
    before, _core_only = _core_only, True
    try:
        yield
    finally:
        _core_only = before


def affine_transform(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Bilinear sampling of images at affinely transformed positions, zero outside.

    Args:
      images: float32 `[batch, height, width, channels]`.
      transforms: float32 `[batch, 8]`, rows `[a0, a1, a2, b0, b1, b2, 0, 0]`; the output pixel (x,
      y)
        is read at the input position (a0 x + a1 y + a2, b0 x + b1 y + b2), in pixels.

    Returns:
      float32, the shape of `images`.
    """
    if tfa is None:
        return core_affine_transform(images, transforms)
    # In graph mode it forgets the shape.
    return tf.ensure_shape(
        tfa.image.transform(images, transforms, interpolation="bilinear"), images.shape
    )


def core_affine_transform(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """`affine_transform` in core TensorFlow."""
    sampled = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(sampled, images.shape)


def gaussian_filter(images: tf.Tensor, size: int, sigma: float) -> tf.Tensor:
    """Gaussian blur with zero padding.

    Args:
      images: float32 `[batch, height, width, channels]`.
      size: side of the square kernel in pixels, odd.
      sigma: standard deviation in pixels.

    Returns:
      float32, the shape of `images`.
    """
    if tfa is not None and not _core_only:
        return tfa.image.gaussian_filter2d(images, size, sigma, padding="CONSTANT")
    return core_gaussian_filter(images, size, sigma)


def core_gaussian_filter(images: tf.Tensor, size: int, sigma: float) -> tf.Tensor:
    """`gaussian_filter` in core TensorFlow."""
    offsets = tf.range(size, dtype=tf.float32) - (size - 1) / 2
    weights = tf.nn.softmax(-tf.square(offsets) / (2 * sigma**2))
    channels = images.shape[-1]
    for kernel_shape in ((size, 1), (1, size)):
        kernel = tf.tile(tf.reshape(weights, (*kernel_shape, 1, 1)), (1, 1, channels, 1))
        images = tf.nn.depthwise_conv2d(images, kernel, strides=(1, 1, 1, 1), padding="SAME")
    return images
