"""Still pictures of any format: the one reader of them all, on Pillow.

Upright by EXIF, in sRGB by their colour profile, over white where transparent, 8 bits per channel.
What Pillow does not know (OpenEXR, Radiance) OpenCV decodes.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import struct
import warnings
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from maskanim_tf.media.errors import EMPTY, ClipError
from maskanim_tf.media.frame_bytes import decode_picture
from maskanim_tf.media.picture_colors import srgb_over_white
from maskanim_tf.media.picture_ends import ends_whole
from maskanim_tf.media.plain_png import decode_plain_png, png_is_sound

# Not among them: formats that start other programs or hold no pictures of their own.
COMMON = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
OTHERS = ("PPM", "JPEG2000", "DIB", "ICO", "ICNS", "PSD", "SGI", "PCX", "DDS", "QOI", "SUN", "TGA")
# How files of common formats begin.
MAGIC = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF8", b"II*\0", b"MM\0*"),
    b"\0\0\0\x0cjP  ",
)
ORIENTATION = 0x112
Size = tuple[int, int]
# Side of pictures that Pillow refuses to open.
HUGE = 1 << 16
# What Pillow's readers raise for damaged files.
BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError),
    *(RuntimeError, ArithmeticError, AssertionError, struct.error),
)
CUT_SHORT = "it is cut short; copy or download it again, or delete it"
NO_PICTURE = "it holds no picture that is known; convert it to .png, .jpg or .mp4, or delete it"

# What is really wrong is raised, which is enough.
warnings.filterwarnings("ignore", module=r"PIL\.")


class UnknownPictureError(ClipError):
    """A file that begins like no picture that Pillow knows."""


def read_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """One picture as uint8 RGB `[height, width, 3]`; of several in a file the first.

    Raises:
      ClipError: the file is missing, empty, cut short, damaged, or no picture.
    """
    path = os.fspath(path)
    pixels = _plain_pixels(path)
    if pixels is not None:
        return pixels
    try:
        with opened_picture(path) as (image, file):
            _check_sums(path, image, file)
            return decoded(image, path)
    except UnknownPictureError as error:
        return _read_with_opencv(path, error)


def upright_size(path: str | os.PathLike[str]) -> Size:
    """Height and width of what `read_picture` returns; decodes only where the file leaves doubt.

    Raises:
      ClipError: as `read_picture`.
    """
    path = os.fspath(path)
    try:
        with opened_picture(path) as (image, file):
            _check_sums(path, image, file)
            # Damage of a common JPEG turns into odd colours, never into an error.
            if image.format not in ("JPEG", "PNG") or image.mode not in ("RGB", "L"):
                return decoded(image, path).shape[:2]
            file.seek(0)
            # Pillow would decode a PNG to find out.
            if image.format == "PNG" and b"eXIf" not in file.read():
                return image.height, image.width
            return upright(image)
    except UnknownPictureError as error:
        return _read_with_opencv(path, error).shape[:2]


def upright(image: Image.Image) -> Size:
    """The height and width of a picture once it is turned by its EXIF orientation."""
    return image.size if orientation(image) >= 5 else (image.height, image.width)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except BROKEN:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def decoded(image: Image.Image, name: str) -> np.ndarray:
    """The pixels of an opened picture, or of the frame that it was moved to; see `read_picture`."""
    try:
        if orientation(image) != 1:
            image = ImageOps.exif_transpose(image)
        return srgb_over_white(image)
    except BROKEN as error:
        raise ClipError(f"{name}: {_what_is_wrong(error)}") from error


def encoded_size(content: bytes) -> Size | None:
    """Height and width that the header of a JPEG, PNG, BMP or GIF claims; None for anything else.

    Decodes nothing, so that what claims to be huge can be refused before it takes memory.
    """
    return _claimed_size(io.BytesIO(content), ("JPEG", "PNG", "BMP", "GIF"))


def claimed_size(path: str | os.PathLike[str]) -> Size:
    """The same for a file of any format; raises ClipError if it is no picture that is known."""
    path = os.fspath(path)
    with _opened_file(path) as file:
        size = _claimed_size(file, _formats())
    if size is None:
        raise UnknownPictureError(f"{path}: {NO_PICTURE}")
    return size


@contextlib.contextmanager
def opened_picture(path: str) -> Iterator[tuple[Image.Image, BinaryIO]]:
    """A picture whose header was read, and its file, which is not cut short.

    Raises:
      UnknownPictureError: see there.
      ClipError: it is missing, empty, cut short, or too large to be opened.
    """
    with _opened_file(path) as file:
        try:
            image = Image.open(file, formats=_formats())
        except Image.DecompressionBombError as error:
            raise ClipError(f"{path}: has too many pixels ({error}); make it smaller") from error
        except UnidentifiedImageError as error:
            file.seek(0)
            head = file.read(8)
            if head.startswith(MAGIC) or head[4:] == b"ftyp":  # AVIF among others.
                raise ClipError(f"{path}: {CUT_SHORT}") from error
            raise UnknownPictureError(f"{path}: {NO_PICTURE}") from error
        except BROKEN as error:
            file.seek(0)
            cut = file.read(4) == b"RIFF" and not ends_whole(file, "WEBP")
            reason = CUT_SHORT if cut else _what_is_wrong(error)
            raise ClipError(f"{path}: {reason}") from error
        if not ends_whole(file, image.format or ""):
            raise ClipError(f"{path}: {CUT_SHORT}")
        yield image, file


@contextlib.contextmanager
def _opened_file(path: str) -> Iterator[BinaryIO]:
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise ClipError(f"{path}: {EMPTY}")
            yield file
    except OSError as error:
        reason = error.strerror or error
        raise ClipError(f"{path}: cannot be read ({reason}); check permissions") from error


def _check_sums(path: str, image: Image.Image, file: BinaryIO) -> None:
    if image.format != "PNG":
        return
    file.seek(0)
    if not png_is_sound(file.read()):
        raise ClipError(f"{path}: it is damaged (a checksum is wrong); copy it again, or delete it")


def _plain_pixels(path: str) -> np.ndarray | None:
    """What most frames of folders are read by; None for all else, and for what is wrong."""
    if not path.lower().endswith(".png"):
        return None
    try:
        with open(path, "rb") as file:
            return decode_plain_png(file.read())
    except OSError:
        return None


def _read_with_opencv(path: str, error: UnknownPictureError) -> np.ndarray:
    with _opened_file(path) as file:
        pixels = decode_picture(file.read())
    if pixels is None:
        raise error
    return pixels


def _claimed_size(file: BinaryIO, formats: tuple[str, ...]) -> Size | None:
    try:
        with Image.open(file, formats=formats) as image:
            return image.height, image.width
    except Image.DecompressionBombError:
        return HUGE, HUGE
    except BROKEN:
        return None


def _what_is_wrong(error: Exception) -> str:
    if "truncated" in str(error).lower():
        return CUT_SHORT
    return f"it is damaged ({error}); copy or download it again, or delete it"


@functools.cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(form for form in (*COMMON, *OTHERS) if form in Image.OPEN)
