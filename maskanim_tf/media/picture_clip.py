"""Clips made of pictures: folders of frames, strips, animated and single pictures."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from maskanim_tf.media.animations import (
    read_animation_frames,
    read_animation_index,
    read_header,
)
from maskanim_tf.media.clip import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    Clip,
    ClipError,
    has_suffix,
    is_finished,
)
from maskanim_tf.media.pictures import read_picture, upright_size
from maskanim_tf.media.timing import DEFAULT_FPS


def is_strip(height: int, width: int) -> bool:
    """Whether a picture of this size can be square frames side by side."""
    return width >= 2 * height and width % height == 0


@dataclasses.dataclass(frozen=True)
class PictureSurvey:
    """The pictures directly in a folder, by their headers, and the videos beside them.

    Attributes:
      sizes: height and width as stored, per file name, in natural order.
      broken: the error of each file that cannot be read.
      animated: names of those that are clips of their own.
      videos: names of the videos.
    """

    sizes: dict[str, tuple[int, int]]
    broken: dict[str, ClipError]
    animated: frozenset[str]
    videos: tuple[str, ...]

    def is_one_clip(self, strips: bool) -> bool:
        """Whether they are the frames of one clip: two or more of one size, and no clip among them.

        Args:
          strips: whether pictures of that form are strips.
        """
        sizes = set(self.sizes.values())
        if len(self.sizes) < 2 or len(sizes) != 1 or self.animated or self.videos:
            return False
        return not (strips and is_strip(*sizes.pop()))


def survey_pictures(folder: str, names: Iterable[str]) -> PictureSurvey:
    """Reads the headers of the pictures among `names` of a folder; raises nothing for bad files."""
    names = [name for name in names if is_finished(name)]
    videos = tuple(name for name in names if has_suffix(name, VIDEO_SUFFIXES))
    sizes: dict[str, tuple[int, int]] = {}
    broken: dict[str, ClipError] = {}
    animated = set()
    for name in sorted((n for n in names if has_suffix(n, PICTURE_SUFFIXES)), key=_natural):
        try:
            header = read_header(os.path.join(folder, name))
        except ClipError as error:
            broken[name] = error
            continue
        sizes[name] = header.height, header.width
        if header.animated:
            animated.add(name)
    return PictureSurvey(sizes, broken, frozenset(animated), videos)


def _is_picture(name: str) -> bool:
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


def probe_picture(path: str, name: str, strips: bool = False) -> tuple[Clip, str]:
    """The clip of one picture, and a complaint if frames of an animated one are missing, else "".

    Args:
      path: of a file of any format.
      name: of the clip.
      strips: take a picture that is several times as wide as high for square frames side by side.

    Raises:
      ClipError: as `read_picture`.
    """
    if read_header(path).animated:
        index = read_animation_index(path)
        clip = Clip(path, name, "animation", index.frames, index.fps, *index.size, False)
        return clip, index.damage
    height, width = upright_size(path)
    if strips and is_strip(height, width):
        return Clip(path, name, "strip", width // height, DEFAULT_FPS, height, height, False), ""
    return Clip(path, name, "picture", 1, DEFAULT_FPS, height, width, False), ""


def read_picture_frames(clip: Clip, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """Frames at `indices` of a clip made of pictures, each uint8 RGB `[height, width, 3]`."""
    if clip.kind == "folder":
        files = _frame_files(clip)
        for index in indices:
            frame = read_picture(files[index])
            clip.check_shape(files[index], frame.shape)
            yield frame
        return
    if clip.kind == "animation":
        for frame in read_animation_frames(clip.path, indices):
            clip.check_shape(clip.path, frame.shape)
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
    names = sorted((n for n in listed if _is_picture(n) and n not in clip.left_out), key=_natural)
    if len(names) != clip.frames:
        raise ClipError(
            f"{clip.path}: holds {len(names)} frames, {clip.frames} when indexed; index again"
        )
    return [os.path.join(clip.path, name) for name in names]


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sorts 2 before 10; the name itself decides between 2 and 02."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts], name
