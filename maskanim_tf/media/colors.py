"""What the numbers of a decoded frame mean: matrix, range, transfer and transparency.

A film says, or leaves open, by which matrix its colours became luma and chroma, whether black is
16 or 0, and how levels become light. FFmpeg converts; which of these hold is decided here. Colour
primaries of films in standard range are taken for those of the screen, as FFmpeg does.
"""

from __future__ import annotations

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from maskanim_tf.media.geometry import Geometry
from maskanim_tf.media.picture_colors import over_white
from maskanim_tf.media.tone_mapping import TRANSFERS, map_tones

# Matrices by their number in ITU-T H.273, table 4, and in swscale. YCgCo is unknown to the latter.
BT601, BT709 = 5, 1
MATRICES = {1: BT709, 4: 4, 5: BT601, 6: BT601, 7: 7, 9: 9, 10: 9}
# Where the matrix is not named, players take films of more than standard definition for BT.709.
SD_HEIGHT, HD_WIDTH = 576, 1280
# Flags of swscale: bicubic, accurate rounding, chroma for every pixel. Without them it repeats
# chroma and is up to three levels off, two more than rounding luma and chroma makes.
PRECISE = 0x4 | 0x40000 | 0x2000


class Painter:
    """Turns decoded frames of one film into RGB pictures; one per thread.

    Args:
      geometry: size and orientation of all pictures.
      transfer: a key of `TRANSFERS` where the film has a high dynamic range.
      opaque: an alpha plane of nothing but zeros is padding, not transparency.
    """

    def __init__(self, geometry: Geometry, transfer: int = 0, opaque: bool = False):
        self._geometry = geometry
        self._transfer = TRANSFERS.get(transfer)
        self._opaque = opaque
        self._reformatter = VideoReformatter()

    def paint(self, frame: av.VideoFrame) -> np.ndarray:
        """A frame as uint8 RGB `[height, width, 3]`, upright, over white, of the film's size."""
        if has_alpha(frame.format):
            picture = over_white(self._converted(frame, "gbrap", "rgba"), self._opaque)
        elif self._transfer is not None:
            picture = map_tones(self._converted(frame, "gbrp16le", "rgb48le"), self._transfer)
        else:
            picture = self._converted(frame, "gbrp", "rgb24")
        return self._geometry.orientation.apply(picture)

    def _converted(self, frame: av.VideoFrame, planar: str, packed: str) -> np.ndarray:
        """RGB or RGBA `[height, width, channels]`; into planes takes a fourth of the time."""
        height, width = self._geometry.scaled
        matrix = matrix_of(frame)
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            packed if matrix is None else planar,
            src_colorspace=matrix,
            # RGB has no matrix; PyAV before 17 looks at ours only if this one is another.
            dst_colorspace=BT601 if matrix == BT709 else BT709,
            src_color_range=ColorRange.JPEG if is_full_range(frame) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=PRECISE,
            **ONE_THREAD,
        )
        if matrix is None:
            return converted.to_ndarray()
        kind = np.uint16 if planar.endswith("16le") else np.uint8
        green, blue, red, *alpha = (
            np.frombuffer(plane, kind).reshape(height, -1)[:, :width] for plane in converted.planes
        )
        return cv2.merge([red, green, blue, *alpha])


def _one_thread() -> dict[str, int]:
    """FFmpeg takes all cores unless told otherwise; PyAV before 17 never asks for more."""
    frame = av.VideoFrame(16, 16, "yuv420p")
    try:
        frame.reformat(format="rgb24", threads=1)
    except TypeError:
        return {}
    return {"threads": 1}


ONE_THREAD = _one_thread()


def matrix_of(frame: av.VideoFrame) -> int | None:
    """The matrix that a frame was made by; None where it is RGB."""
    if frame.format.is_rgb or frame.format.has_palette:
        return None
    large = frame.height > SD_HEIGHT or frame.width >= HD_WIDTH
    return MATRICES.get(frame.colorspace, BT709 if large else BT601)


def is_full_range(frame: av.VideoFrame) -> bool:
    """Whether black is 0 and white the largest number."""
    name = frame.format.name
    full = name.startswith(("yuvj", "gray", "ya8", "ya16", "mono", "pal8")) or frame.format.is_rgb
    return full or frame.color_range == ColorRange.JPEG


def has_alpha(form: av.VideoFormat) -> bool:
    """Whether frames of a pixel format can be transparent."""
    return form.has_palette or any(component.is_alpha for component in form.components)
