"""PNG files by their chunks, without decoding a pixel, and the quick way to most of their pixels.

PNG files in which nothing but pixels matters are the frames of most folders. OpenCV decodes them as
Pillow does, to the bit, and leaves Python free meanwhile; all that is looked at before is a list of
chunks in memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from maskanim_tf.media.frame_bytes import decode_picture

_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_GREY, _COLOR = 0, 2
# Whatever they say, the pixels stay as they are. Any other chunk may turn them, or give them a
# profile or transparency.
_HARMLESS = (
    *(b"IHDR", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"sBIT", b"bKGD", b"tIME"),
)


def decode_plain_png(content: bytes) -> np.ndarray | None:
    """The pixels of a file, uint8 `[height, width, 3]`, RGB.

    Returns:
      None where it is no PNG of 8 bits, damaged, very large, or holds a chunk that may matter.
    """
    if not content.startswith(_HEAD) or len(content) < 33:
        return None
    width, height, depth, kind = struct.unpack_from(">IIBB", content, 16)
    limit = Image.MAX_IMAGE_PIXELS or 0
    if depth != 8 or kind not in (_GREY, _COLOR) or width * height > limit:
        return None
    plain = _all_chunks(content, lambda name, sound: sound and name in _HARMLESS)
    return decode_picture(content) if plain else None


def png_is_sound(content: bytes) -> bool:
    """Whether the checksums of a PNG hold, those of comments aside.

    Twenty times faster than decoding it; and Pillow shows some broken ones as black.
    """
    return _all_chunks(content, lambda name, sound: sound or not name[:1].isupper())


def _all_chunks(content: bytes, is_good: Callable[[bytes, bool], bool]) -> bool:
    """Whether all chunks are there and good, by name and by whether the checksum holds."""
    view, place = memoryview(content), 8
    while place + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            return False
        checksum = struct.unpack_from(">I", content, end)[0]
        if not is_good(name, zlib.crc32(view[place + 4 : end]) == checksum):
            return False
        if name == b"IEND":
            return True
        place = end + 4
    return False
