"""Clips made of pictures: folders of frames, strips and single pictures."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from maskanim_tf.data.clip import (
    DEFAULT_FPS,
    PICTURE_SUFFIXES,
    Clip,
    ClipError,
    has_suffix,
    is_finished,
)
from maskanim_tf.data.picture_header import NO_PICTURE, has_alpha, png_is_sound, read_header

WHITE = 255


def read_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """One picture as uint8 RGB `[height, width, 3]`, upright by its EXIF orientation.

    Grey and palette pictures become RGB, 16 bits per channel become 8, and transparent pixels are
    laid over white, which is what picture viewers and browsers show.

    Raises:
      ClipError: the file is empty, unreadable, cut short, animated, or no picture.
    """
    path = os.fspath(path)
    read_header(path)
    # Decoded from memory: OpenCV would log a line of its own for a file it cannot open.
    with open(path, "rb") as file:
        data = file.read()
    transparent = has_alpha(data)
    # Reading the alpha channel switches EXIF off in OpenCV, so it is done only where there is one.
    mode = cv2.IMREAD_UNCHANGED if transparent else cv2.IMREAD_COLOR
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ClipError(f"{path}: {NO_PICTURE}")
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[-1] == 4:
        pixels = _over_white(pixels)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def upright_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of what `read_picture` returns; decodes only where the header leaves doubt.

    Raises:
      ClipError: as `read_picture`.
    """
    header = read_header(path)
    if header.decisive or png_is_sound(path):
        return header.height, header.width
    height, width, _ = read_picture(path).shape
    return height, width


def is_strip(height: int, width: int) -> bool:
    """Whether a picture of this size is taken for square frames side by side."""
    return width >= 2 * height and width % height == 0


@dataclasses.dataclass(frozen=True)
class PictureSurvey:
    """The pictures directly in a folder, by their headers.

    Attributes:
      sizes: height and width as stored, per file name, in natural order.
      broken: the error of each file that cannot be read.
    """

    sizes: dict[str, tuple[int, int]]
    broken: dict[str, ClipError]

    def is_one_clip(self) -> bool:
        """Whether they are the frames of one clip: two or more of one size, and no strips."""
        sizes = set(self.sizes.values())
        return len(self.sizes) >= 2 and len(sizes) == 1 and not is_strip(*sizes.pop())


def survey_pictures(folder: str, names: Iterable[str]) -> PictureSurvey:
    """Reads the headers of the pictures among `names` of a folder; raises nothing for bad files."""
    sizes: dict[str, tuple[int, int]] = {}
    broken: dict[str, ClipError] = {}
    for name in sorted((n for n in names if is_picture(n)), key=_natural):
        try:
            header = read_header(os.path.join(folder, name))
            sizes[name] = header.height, header.width
        except ClipError as error:
            broken[name] = error
    return PictureSurvey(sizes, broken)


def is_picture(name: str) -> bool:
    """Whether a file name counts as a picture: its suffix, and neither hidden nor unfinished."""
    return has_suffix(name, PICTURE_SUFFIXES) and is_finished(name)


def probe_folder(path: str, name: str, survey: PictureSurvey) -> Clip:
    """The clip of a folder whose pictures are frames, with the size of the first of them.

    Raises:
      ClipError: the first frame cannot be decoded.
    """
    height, width = upright_size(os.path.join(path, next(iter(survey.sizes))))
    left_out = tuple(survey.broken)
    frames = len(survey.sizes)
    return Clip(path, name, "folder", frames, DEFAULT_FPS, height, width, False, left_out)


def probe_picture(path: str, name: str) -> Clip:
    """The clip of one picture: a strip or a single frame. Raises ClipError as `read_picture`."""
    height, width = upright_size(path)
    if is_strip(height, width):
        return Clip(path, name, "strip", width // height, DEFAULT_FPS, height, height, False)
    return Clip(path, name, "picture", 1, DEFAULT_FPS, height, width, False)


def read_picture_frames(clip: Clip, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """Frames at `indices` of a clip made of pictures, each uint8 RGB `[height, width, 3]`."""
    if clip.kind == "folder":
        files = _frame_files(clip)
        for index in indices:
            frame = read_picture(files[index])
            clip.check_shape(files[index], frame.shape)
            yield frame
        return
    picture = read_picture(clip.path)
    clip.check_shape(clip.path, (len(picture), picture.shape[1] // clip.frames))
    for index in indices:
        yield picture[:, index * clip.width : (index + 1) * clip.width].copy()


def _frame_files(clip: Clip) -> list[str]:
    # Listed anew each time: millions of names would be heavy to keep, and a listing is cheap.
    try:
        listed = os.listdir(clip.path)
    except OSError as error:
        raise ClipError(f"{clip.path}: cannot be listed ({error.strerror})") from error
    names = sorted((n for n in listed if is_picture(n) and n not in clip.left_out), key=_natural)
    if len(names) != clip.frames:
        raise ClipError(
            f"{clip.path}: holds {len(names)} frames, {clip.frames} when indexed; index again"
        )
    return [os.path.join(clip.path, name) for name in names]


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorts 2 before 10; the name itself decides between 2 and 02."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts], name


def _over_white(pixels: np.ndarray) -> np.ndarray:
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + WHITE * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
