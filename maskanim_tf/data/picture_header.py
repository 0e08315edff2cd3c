"""Sizes of PNG, JPEG, WebP and BMP files from their headers.

A folder clip may hold thousands of frames; reading headers finds broken or odd ones some hundred
times faster than decoding. The end of each file is looked at too: decoders turn a cut picture into
one with a grey lower half and print a line to stderr, instead of failing.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO, NamedTuple

from maskanim_tf.data.clip import ClipError

TAIL = 4096
CUT_SHORT = "it is cut short; copy or download it again, or delete it"
NO_PICTURE = "it holds no PNG, JPEG, WebP or BMP picture; convert it, or delete it"


class Header(NamedTuple):
    """Height and width as stored, and whether decoding could say anything else.

    It cannot for a common JPEG without EXIF data: its decoder turns damage into odd colours, never
    into an error.
    """

    height: int
    width: int
    decisive: bool = False


def read_header(path: str | os.PathLike[str]) -> Header:
    """Size of a picture as stored, before any EXIF rotation.

    Raises:
      ClipError: the file is empty, unreadable, cut short, animated, or no picture.
    """
    path = os.fspath(path)
    try:
        with open(path, "rb") as file:
            return _header(path, file)
    except OSError as error:
        raise ClipError(f"{path}: cannot be read ({error.strerror}); check permissions") from error
    except (struct.error, IndexError) as error:
        raise ClipError(f"{path}: {CUT_SHORT}") from error


def png_is_sound(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a PNG whose checksums hold and which no EXIF data may turn.

    Twenty times faster than decoding it; where this says no, decoding decides.
    """
    with open(path, "rb") as file:
        if not file.read(8).startswith(b"\x89PNG"):
            return False
        while True:
            head = file.read(8)
            if len(head) < 8 or head[4:] == b"eXIf":
                return False
            body = file.read(int.from_bytes(head[:4], "big"))
            if file.read(4) != zlib.crc32(body, zlib.crc32(head[4:])).to_bytes(4, "big"):
                return False
            if head[4:] == b"IEND":
                return True


def has_alpha(data: bytes) -> bool:
    """Whether an encoded picture may hold transparent pixels."""
    if data.startswith(b"\x89PNG"):
        return data[25] in (4, 6) or b"tRNS" in data[: data.find(b"IDAT")]
    if data[8:16] == b"WEBPVP8X":
        return bool(data[20] & 0x10)
    return data[8:16] == b"WEBPVP8L" and bool(data[24] & 0x10)


def _header(path: str, file: BinaryIO) -> Header:
    head = file.read(32)
    decisive = False
    if not head:
        raise ClipError(f"{path}: the file is empty; copy or download it again, or delete it")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack(">II", head[16:24])
        if _before_pixels_of_png_stands(file, b"acTL"):
            raise _animated(path)
        whole = _ends_with(file, b"IEND", 8)
    elif head.startswith(b"\xff\xd8"):
        (height, width, decisive), pixels = _jpeg(file)
        whole = _ends_with(file, b"\xff\xd9", pixels)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        height, width = _webp(path, head)
        whole = os.fstat(file.fileno()).st_size >= struct.unpack("<I", head[4:8])[0] + 8
    elif head.startswith(b"BM"):
        width, signed_height = struct.unpack("<ii", head[18:26])
        height = abs(signed_height)  # Negative: rows from the top.
        # Some writers leave the size of the file at 0.
        whole = os.fstat(file.fileno()).st_size >= struct.unpack("<I", head[2:6])[0]
    else:
        raise ClipError(f"{path}: {NO_PICTURE}")
    if not whole:
        raise ClipError(f"{path}: {CUT_SHORT}")
    return Header(height, width, decisive)


def _animated(path: str) -> ClipError:
    return ClipError(
        f"{path}: animated PNG and WebP are not read; convert it to a video: "
        f"ffmpeg -i {os.path.basename(path)} clip.mp4"
    )


def _before_pixels_of_png_stands(file: BinaryIO, chunk: bytes) -> bool:
    file.seek(8)
    while True:
        length, name = struct.unpack(">I4s", file.read(8))
        if name in (chunk, b"IDAT"):
            return bool(name == chunk)
        file.seek(length + 4, os.SEEK_CUR)


def _jpeg(file: BinaryIO) -> tuple[Header, int]:
    """The header and where the compressed pixels begin."""
    file.seek(2)
    height = width = 0
    common = plain = True
    while True:
        marker = file.read(1)[0]
        while marker == 0xFF:  # Any number of them may stand before a marker.
            marker = file.read(1)[0]
        (length,) = struct.unpack(">H", file.read(2))
        if length < 2:
            raise IndexError("a segment shorter than its own length field")
        if marker == 0xDA:
            return Header(height, width, common and plain), file.tell()
        content = file.tell()
        # Start of frame; C4, C8 and CC are tables that share the range.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width = struct.unpack(">BHH", file.read(5))
            common = marker <= 0xC2 and bits == 8
        elif marker == 0xE1:  # EXIF may turn the picture.
            plain = False
        file.seek(content + length - 2)


def _webp(path: str, head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        if head[20] & 0x02:
            raise _animated(path)
        width = int.from_bytes(head[24:27], "little") + 1
        return int.from_bytes(head[27:30], "little") + 1, width
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    width, height = struct.unpack("<HH", head[26:30])
    return height & 0x3FFF, width & 0x3FFF


def _ends_with(file: BinaryIO, mark: bytes, start: int) -> bool:
    """Whether `mark` stands after `start`: near the end, or before something that was appended."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(start, size - TAIL))
    if mark in file.read():
        return True
    file.seek(start)
    return mark in file.read()
