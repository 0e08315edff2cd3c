"""Pictures of the formats that clips are not made of: TIFF, PNM, JPEG 2000, TGA, EXR and others.

The one door to Pillow, which knows orientation and transparency; what it does not know, or would
read with fewer colours, OpenCV decodes.
"""

from __future__ import annotations

import io
import os

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from maskanim_tf.data.clips import ClipError

# With 8 bits per channel; Pillow clips the others instead of scaling them.
EIGHT_BITS = ("1", "L", "P", "RGB", "RGBA", "LA", "PA", "CMYK", "YCbCr", "LAB", "HSV")
# Side of pictures that Pillow refuses to open.
HUGE = 1 << 16
UNKNOWN = "no known picture or video; convert it to .png, .jpg or .mp4 first"


def read_other_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """One picture as uint8 RGB `[height, width, 3]`, upright; transparent pixels over white.

    Raises:
      ClipError: the file is missing, cannot be read, or holds no picture that is known.
    """
    path = os.fspath(path)
    try:
        with Image.open(path) as image:
            if image.mode in EIGHT_BITS:
                upright = ImageOps.exif_transpose(image).convert("RGBA")
                white = Image.new("RGBA", upright.size, "white")
                return np.array(Image.alpha_composite(white, upright).convert("RGB"))
    except UnidentifiedImageError:
        pass
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClipError(f"{path}: cannot be read as a picture ({reason})") from error
    return _read_with_opencv(path)


def encoded_size(content: bytes) -> tuple[int, int] | None:
    """Height and width that the header of a JPEG, PNG, BMP or GIF claims; None for anything else.

    Decodes nothing, so that what claims to be huge can be refused before it takes memory.
    """
    return _claimed_size(io.BytesIO(content), ("JPEG", "PNG", "BMP", "GIF"))


def other_picture_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """The same for a file of any format that Pillow knows.

    Raises:
      ClipError: the file is none of them.
    """
    size = _claimed_size(path)
    if size is None:
        raise ClipError(f"{path}: {UNKNOWN}")
    return size


def _claimed_size(
    file: str | os.PathLike[str] | io.BytesIO, formats: tuple[str, ...] | None = None
) -> tuple[int, int] | None:
    try:
        with Image.open(file, formats=formats) as image:
            return image.height, image.width
    except Image.DecompressionBombError:
        return HUGE, HUGE
    except (OSError, ValueError, SyntaxError):
        return None


def _read_with_opencv(path: str) -> np.ndarray:
    with open(path, "rb") as file:
        data = np.frombuffer(file.read(), np.uint8)
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ClipError(f"{path}: {UNKNOWN}")
    return np.ascontiguousarray(pixels[..., ::-1])
