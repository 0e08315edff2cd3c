"""The quick way for the frames of most folders: PNG files in which nothing but pixels matters.

OpenCV decodes them as Pillow does, to the bit, and leaves Python free meanwhile; all that is looked
at before is a list of chunks in memory.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np
from PIL import Image

from maskanim_tf.media.png_chunks import END, png_chunks

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
    if not _is_plain(content):
        return None
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return None if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _is_plain(content: bytes) -> bool:
    """Whether all chunks up to the last are sound and harmless."""
    last = b""
    for last, sound in png_chunks(content):
        if not sound or last not in _HARMLESS:
            return False
    return last == END
