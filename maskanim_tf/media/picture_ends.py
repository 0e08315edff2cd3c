"""Whether the files of pictures are whole, without decoding them.

A folder clip may hold thousands of frames; a look at the end of each file finds those that are cut
short some hundred times faster than decoding, and where a decoder would go on with a grey lower
half. Formats are called what Pillow calls them.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

TAIL = 4096


def ends_whole(file: BinaryIO, form: str) -> bool:
    """False where a file of a format is certainly cut short; decoding finds out the rest.

    Args:
      file: open at any place, and left there.
      form: JPEG, PNG, WEBP or BMP; any other format counts as whole.
    """
    place = file.tell()
    try:
        if form in ("JPEG", "MPO"):
            return _ends_with(file, b"\xff\xd9", _pixels_of_jpeg(file))
        if form == "PNG":
            return _ends_with(file, b"IEND", 8)
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        head = file.read(8)
        if form == "WEBP":
            return size >= struct.unpack("<I", head[4:8])[0] + 8
        # Some writers leave the size of a BMP at 0.
        return form != "BMP" or size >= struct.unpack("<I", head[2:6])[0]
    except (struct.error, IndexError):
        return False
    finally:
        file.seek(place)


def _pixels_of_jpeg(file: BinaryIO) -> int:
    """Where the compressed pixels begin; a thumbnail before them has an end of its own."""
    file.seek(2)
    while True:
        marker = file.read(1)[0]
        while marker == 0xFF:  # Any number of them may stand before a marker.
            marker = file.read(1)[0]
        (length,) = struct.unpack(">H", file.read(2))
        if marker == 0xDA:
            return file.tell()
        if length < 2:
            raise IndexError("a segment shorter than its own length field")
        file.seek(length - 2, os.SEEK_CUR)


def _ends_with(file: BinaryIO, mark: bytes, start: int) -> bool:
    """Whether `mark` stands after `start`: near the end, or before something that was appended."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(start, size - TAIL))
    if mark in file.read():
        return True
    file.seek(start)
    return mark in file.read()
