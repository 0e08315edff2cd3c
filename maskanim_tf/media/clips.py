"""Clips: frames from video files, animations, folders of frames, strips and single pictures.

What is what:

* A file with a suffix of a video (mp4, m4v, avi, mov, mkv, webm, gif) is a "video".
* A picture (png, jpg, jpeg, webp, bmp, avif, apng, tif, tiff) with several frames is an
  "animation": PNG, WebP, AVIF, and TIFF whose pages have one size.
* Where strips are asked for, a picture whose width is a whole multiple, at least 2, of its height
  is a "strip": square frames side by side.
* A folder is one clip of kind "folder" when it directly holds two or more pictures, all of one
  stored size, none of them animated or a strip, and no video. Its frames are in natural order: 2
  before 10. Sub-folders do not matter, nor does whether it is the folder that was indexed: a folder
  of equally large portraits is taken for a clip, so name portraits one by one.
* Any other picture is a "picture": a clip of one frame.

Hidden files, files with `.partial` in their name and all other suffixes are ignored. Every function
here may be called from many threads; nothing is kept open between calls.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from maskanim_tf.media.animations import AnimationIndex, read_animation_index
from maskanim_tf.media.clip import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    Clip,
    ClipError,
    has_suffix,
    printable,
)
from maskanim_tf.media.picture_clip import (
    probe_folder,
    probe_picture,
    read_picture_frames,
    survey_pictures,
)
from maskanim_tf.media.video_clip import probe_video, read_video_frames
from maskanim_tf.media.video_index import VideoIndex
from maskanim_tf.media.video_reader import read_video_index

_log = logging.getLogger(__name__)


def probe_clip(
    path: str | os.PathLike[str],
    name: str | None = None,
    *,
    strict: bool = False,
    strips: bool = False,
) -> Clip:
    """What a file or a folder of frames holds; decodes a single frame of it where it can.

    Args:
      path: a video, a picture, or a folder of frames.
      name: of the clip; the file name without suffix, or the name of the folder, by default.
      strips: a picture that is several times as wide as high holds square frames side by side.
      strict: a video or animation that ends early is an error; otherwise it is warned about and
        kept with the frames that are there.

    Raises:
      ClipError: it is missing, broken, or none of the kinds above.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        name = name or printable(os.path.basename(os.path.abspath(path)))
        return _probe_frames_folder(path, name, strips)
    name = name or printable(os.path.splitext(os.path.basename(path))[0])
    if has_suffix(path, PICTURE_SUFFIXES):
        clip, complaint = probe_picture(path, name, strips)
    elif has_suffix(path, VIDEO_SUFFIXES):
        clip, complaint = probe_video(path, name)
    else:
        raise ClipError(f"{path}: unknown suffix; clips end in {known_suffixes()}")
    if complaint and strict:
        raise ClipError(complaint)
    if complaint:
        _log.warning("%s", complaint)
    return clip


def read_frames(clip: Clip, indices: Sequence[int]) -> np.ndarray:
    """Frames of a clip, in the order of `indices`; an index may repeat.

    Returns:
      uint8 `[len(indices), height, width, 3]`, RGB, upright.

    Raises:
      ClipError: an index is out of range, or the clip is broken or has changed.
    """
    wanted = [int(index) for index in indices]
    for index in wanted:
        if not 0 <= index < clip.frames:
            raise ClipError(
                f"{clip.path}: frame {index} asked for; it has frames 0 to {clip.frames - 1}"
            )
    frames = np.empty((len(wanted), clip.height, clip.width, 3), np.uint8)
    # Every frame is decoded once, in the order of time.
    ascending, places = np.unique(np.array(wanted, np.int64), return_inverse=True)
    for position, frame in enumerate(_frames_at(clip, ascending.tolist())):
        frames[places == position] = frame
    return frames


def iterate_frames(clip: Clip) -> Iterator[np.ndarray]:
    """All frames in order, each uint8 RGB `[height, width, 3]`, upright; one in memory at a time.

    (A strip is one picture and is decoded whole.)

    Raises:
      ClipError: the clip is broken or has changed.
    """
    return _frames_at(clip, range(clip.frames))


def clip_timing(clip: Clip, first: int = 0) -> float | np.ndarray:
    """How long the frames from `first` on are shown, as `write_movie` takes it.

    Returns:
      Frames per second where that says it all, else seconds of each frame, float64
      `[frames - first]`.

    Raises:
      ClipError: the clip has changed.
    """
    index = _index_of(clip)
    return index.timing(first) if index else clip.fps


def clip_time(clip: Clip, frame: int) -> float:
    """Seconds after the first frame at which a frame is shown.

    Raises:
      ClipError: the clip has changed.
    """
    index = _index_of(clip)
    return index.time(frame) if index else frame / clip.fps


def batched(frames: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Stacks of `size` frames, the last of which may be shorter."""
    stream = iter(frames)
    while taken := list(islice(stream, size)):
        yield np.stack(taken)


def filled(batch: np.ndarray, size: int) -> np.ndarray:
    """A batch filled up to `size` with its last element, so that one graph serves all batches."""
    return np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), 0)])


def known_suffixes() -> str:
    """The suffixes of all clips, for messages."""
    return " ".join(VIDEO_SUFFIXES + PICTURE_SUFFIXES)


def _frames_at(clip: Clip, ascending: Sequence[int]) -> Iterator[np.ndarray]:
    if not ascending:
        return
    index = _index_of(clip)
    if isinstance(index, VideoIndex):
        yield from read_video_frames(clip, index, ascending)
    else:
        yield from read_picture_frames(clip, ascending)


def _index_of(clip: Clip) -> VideoIndex | AnimationIndex | None:
    """What is known of a film or animation, unless it has changed; None of other kinds."""
    if clip.kind not in ("video", "animation"):
        return None
    index: VideoIndex | AnimationIndex
    index = (read_video_index if clip.kind == "video" else read_animation_index)(clip.path)
    height, width = index.size
    if (index.frames, height, width) != (clip.frames, clip.height, clip.width):
        raise ClipError(
            f"{clip.path}: holds {index.frames} frames of {width}x{height} pixels, "
            f"{clip.frames} of {clip.width}x{clip.height} when indexed; index again"
        )
    return index


def _probe_frames_folder(path: str, name: str, strips: bool) -> Clip:
    try:
        names = os.listdir(path)
    except OSError as error:
        raise ClipError(f"{path}: cannot be listed ({error.strerror})") from error
    survey = survey_pictures(path, names)
    if survey.broken:
        raise next(iter(survey.broken.values()))
    if not survey.is_one_clip(strips):
        raise ClipError(
            f"{path}: is no folder of frames, which holds at least two pictures "
            f"({' '.join(PICTURE_SUFFIXES)}) of one size and no videos; "
            "name one of its files, or index it as a folder of clips"
        )
    return probe_folder(path, name, survey)
