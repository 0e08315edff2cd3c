"""GIFs inside a graph: white where their first frame is transparent.

TensorFlow's decoder makes such pixels black and does not say which they are; it also loses the
canvas around a frame, and part of a frame that does not begin in its corner. So the colour that
stands for transparency is made white in the encoded file, its flag is taken away, the frame is
moved into the corner, and white is put around it afterwards.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# Every byte as a string.
BYTES = np.array([bytes([value]) for value in range(256)], object)
WHITE = 255
EXTENSION, CONTROL, FRAME, TABLE = 0x21, 0xF9, 0x2C, 0x80  # Marks of a GIF's parts.


def is_gif(content: tf.Tensor) -> tf.Tensor:
    """Whether a string `[]` begins like a GIF, bool `[]`."""
    return tf.equal(tf.strings.substr(content, 0, 4), b"GIF8")


def without_transparency(content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A GIF whose first frame has white pixels where it had transparent ones.

    Args:
      content: string `[]`. What is no GIF, or a damaged one, comes back as it is.

    Returns:
      The GIF, string `[]`, its first frame in the corner of the canvas; and the pixels of canvas
      above and below, left and right of where it belongs, int32 `[3, 2]` as `tf.pad` takes them.
    """
    data = tf.cast(tf.io.decode_raw(content, tf.uint8), tf.int32)
    length = tf.size(data)

    def at(place: tf.Tensor) -> tf.Tensor:
        return data[tf.minimum(place, length - 1)]

    def has(value: tf.Tensor, bits: int) -> tf.Tensor:
        return tf.not_equal(tf.bitwise.bitwise_and(value, bits), 0)

    def table_size(flags: tf.Tensor) -> tf.Tensor:
        count = tf.bitwise.left_shift(2, tf.bitwise.bitwise_and(flags, 7))
        return tf.where(has(flags, TABLE), 3 * count, 0)

    def next_part(place: tf.Tensor, control: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Where the extension at a place ends, and the last control block so far."""
        control = tf.where(tf.equal(at(place + 1), CONTROL), place, control)
        (end,) = tf.while_loop(
            lambda block: (block < length) & tf.not_equal(at(block), 0),
            lambda block: (block + at(block) + 1,),
            (place + 2,),
        )
        return end + 1, control

    common = table_size(at(tf.constant(10)))
    frame, control = tf.while_loop(
        lambda place, _: (place < length) & tf.equal(at(place), EXTENSION),
        next_part,
        (13 + common, tf.constant(-1)),
    )

    def pair(place: tf.Tensor) -> tf.Tensor:
        return at(place) + 256 * at(place + 1)

    columns, rows = pair(tf.constant(6)), pair(tf.constant(8))
    left, top, width, height = (pair(frame + offset) for offset in (1, 3, 5, 7))
    own = table_size(at(frame + 9))
    table = tf.where(own > 0, frame + 10, 13)
    entry, entries = 3 * at(control + 6), tf.where(own > 0, own, common)
    transparent = (
        (control >= 0)
        & has(at(control + 3), 1)
        & tf.equal(at(frame), FRAME)
        & (entry < entries)
        & (table + entry + 3 <= length)
    )

    def opaque() -> tf.Tensor:
        flags = tf.bitwise.bitwise_and(at(control + 3), 0xFE)
        plain = _with_bytes(content, control + 3, tf.gather(tf.constant(BYTES), flags), 1, length)
        return _with_bytes(plain, table + entry, tf.constant(bytes([WHITE] * 3)), 3, length)

    plain = tf.cond(transparent, opaque, lambda: tf.identity(content))
    known = tf.equal(at(frame), FRAME) & (frame + 5 <= length)
    corner = tf.constant(bytes(4))
    plain = tf.cond(
        known, lambda: _with_bytes(plain, frame + 1, corner, 4, length), lambda: tf.identity(plain)
    )
    borders = tf.stack([[top, rows - top - height], [left, columns - left - width], [0, 0]])
    return plain, tf.where(known, tf.maximum(borders, 0), 0)


def _with_bytes(
    content: tf.Tensor, place: tf.Tensor, new: tf.Tensor, size: int, length: tf.Tensor
) -> tf.Tensor:
    """A string with `size` bytes from a place on replaced."""
    after = place + size
    return tf.strings.join(
        [
            tf.strings.substr(content, 0, place),
            new,
            tf.strings.substr(content, after, length - after),
        ]
    )
