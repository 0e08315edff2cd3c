"""The colours of a Pillow picture as they are meant to be seen: sRGB, over white, 8 bits.

What viewers and browsers show. Colour profiles are followed (a telephone's Display P3, a printer's
CMYK); a picture without one is sRGB. A profile that is broken, or that does not fit the picture, is
ignored.
"""

from __future__ import annotations

import functools
import io

import cv2
import numpy as np
from PIL import Image, ImageCms

WHITE = 255
# Without the cache a transform may be used by several threads at once.
FLAGS = ImageCms.Flags.NOCACHE | ImageCms.Flags.BLACKPOINTCOMPENSATION
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
PROFILED = ("L", "RGB", "CMYK", "LAB")


def srgb_over_white(image: Image.Image) -> np.ndarray:
    """The pixels of a picture as it is stored, uint8 RGB `[height, width, 3]`.

    Raises:
      OSError, ValueError, SyntaxError: it cannot be decoded.
    """
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image)
    profile = image.info.get("icc_profile")
    if not image.has_transparency_data:
        return np.array(_to_srgb(image, profile))
    whole = image.convert("RGBA")
    grey = image.mode in ("LA", "La")
    color = np.asarray(_to_srgb(image.convert("L") if grey else whole.convert("RGB"), profile))
    return over_white(np.dstack([color, np.asarray(whole.getchannel("A"))]))


def _deep_grey(image: Image.Image) -> np.ndarray:
    """Grey of 16 or 32 bits, or floating."""
    values = np.asarray(image)
    if image.mode == "F":
        scale = 255 if np.nanmax(values, initial=0) <= 1 else 1
        grey = np.clip(np.nan_to_num(values) * scale + 0.5, 0, 255).astype(np.uint8)
    else:
        deepest = values.max(initial=0) > 0xFFFF
        grey = (values >> (24 if deepest else 8)).clip(0, 255).astype(np.uint8)
    color = np.repeat(grey[..., None], 3, -1)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        color[values == transparent] = WHITE
    return color


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode not in PROFILED:
        image = image.convert("RGB")
    transform = _transform(profile, image.mode) if profile or image.mode == "LAB" else None
    if transform is not None:
        return ImageCms.applyTransform(image, transform) or image
    return image.convert("RGB")


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where it is sRGB, broken or for pictures of another mode."""
    try:
        if profile is None:
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(source, target, mode, "RGB", INTENT, FLAGS)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def over_white(picture: np.ndarray, opaque: bool = False) -> np.ndarray:
    """Uint8 `[height, width, 4]`, straight alpha, over white, as uint8 `[height, width, 3]`."""
    colors, alpha = picture[..., :3], picture[..., 3]
    least = int(alpha.min())
    if least == 255 or (opaque and not alpha.any()):
        return np.ascontiguousarray(colors)
    # Colours shrink towards white: what is missing from it counts by the alpha.
    missing = cv2.multiply(255 - colors, cv2.merge([alpha] * 3), scale=1 / 255)
    return 255 - missing
