"""Encoded pictures inside a graph: any JPEG, PNG, BMP or GIF becomes a frame, and back."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from maskanim_tf.export.gif import WHITE, is_gif, without_transparency

# Optimized graphs multiply by the rounded reciprocal where they should divide by a constant.
LEVELS = np.arange(256, dtype=np.float32) / 255


def decode_frames(contents: tf.Tensor, size: int) -> tf.Tensor:
    """Pictures of any size, cut to their centre square and resized with anti-aliasing.

    As everywhere in the project, transparent pixels are laid over white. A GIF gives its first
    frame. TensorFlow has no operation that reads EXIF data: a picture that a camera stored turned
    stays turned, and whoever sends it has to turn it upright, as `serving.client` does.

    Args:
      contents: string `[batch]`, JPEG, PNG, BMP or GIF.
      size: side of the frames in pixels.

    Returns:
      float32 `[batch, size, size, 3]` in [0, 1].
    """
    frame = tf.TensorSpec((size, size, 3), tf.float32)
    return tf.map_fn(lambda content: _decode(content, size), contents, fn_output_signature=frame)


def encode_frames(frames: tf.Tensor, encoding: str, quality: int) -> tf.Tensor:
    """Frames `[batch, height, width, 3]` in [0, 1] as strings `[batch]`, "png" or "jpeg"."""
    # The rounding of `maskanim_tf.ops.pixels.as_bytes`, to the last value.
    pixels = tf.cast(tf.clip_by_value(frames * 255 + 0.5, 0.0, 255.0), tf.uint8)

    def encode(picture: tf.Tensor) -> tf.Tensor:
        if encoding == "png":
            return tf.io.encode_png(picture)
        return tf.io.encode_jpeg(picture, "rgb", quality=quality, chroma_downsampling=False)

    return tf.map_fn(encode, pixels, fn_output_signature=tf.TensorSpec((), tf.string))


def _decode_other(content: tf.Tensor) -> tf.Tensor:
    picture = tf.io.decode_image(content, channels=0, expand_animations=False)
    return tf.ensure_shape(picture, (None, None, None))


def _decode_gif(content: tf.Tensor) -> tf.Tensor:
    """The first frame, uint8 `[height, width, 3]`, over white."""
    opaque, borders = without_transparency(content)
    frame = tf.pad(_decode_other(opaque), borders, constant_values=WHITE)
    return tf.ensure_shape(frame, (None, None, None))


def _decode(content: tf.Tensor, size: int) -> tf.Tensor:
    picture = tf.cond(is_gif(content), lambda: _decode_gif(content), lambda: _decode_other(content))
    picture = tf.gather(LEVELS, tf.cast(tf.ensure_shape(picture, (None, None, None)), tf.int32))
    height, width, channels = (tf.shape(picture)[axis] for axis in range(3))
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    picture = picture[top : top + side, left : left + side]
    # One or two channels are grey; an even number ends with the opacity.
    color = tf.cond(channels < 3, lambda: tf.repeat(picture[..., :1], 3, -1), lambda: picture)
    opaque = tf.cond(
        channels % 2 == 0, lambda: picture[..., -1:], lambda: tf.ones_like(picture[..., :1])
    )
    # The parentheses leave opaque colours as they are, to the last bit.
    over_white = color[..., :3] * opaque + (1 - opaque)
    over_white = tf.ensure_shape(over_white, (None, None, 3))
    frame = tf.image.resize(over_white, (size, size), antialias=True)
    return tf.clip_by_value(frame, 0.0, 1.0)
