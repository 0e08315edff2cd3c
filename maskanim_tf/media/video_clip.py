"""Video files as clips; `media.video_reader` reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from maskanim_tf.media.clip import Clip, ClipError
from maskanim_tf.media.containers import film_track, open_container
from maskanim_tf.media.errors import remedy
from maskanim_tf.media.geometry import square_pixels
from maskanim_tf.media.timing import timing_of
from maskanim_tf.media.video_index import VideoIndex
from maskanim_tf.media.video_reader import VideoReader, read_video_index

LARGE = 640 * 480  # Pixels from which on a second thread for decoding pays.
THREADS = min(4, os.cpu_count() or 1)


def probe_video(path: str, name: str) -> tuple[Clip, str]:
    """The clip of a video file, and a complaint if frames are missing in it, else "".

    Raises:
      ClipError: the file is no video, is cut before its index, or cannot be decoded.
    """
    index = read_video_index(path)
    complaint = ""
    if index.damaged:
        expected = f"{index.announced} frames announced, " if index.announced else ""
        complaint = (
            f"{path}: it is damaged or cut short ({expected}{index.frames} readable); "
            f"{remedy(path)}"
        )
    height, width = index.geometry.shown
    clip = Clip(path, name, "video", index.frames, index.fps, height, width, index.has_audio)
    return clip, complaint


def read_video_frames(clip: Clip, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """Frames at ascending `indices`, each uint8 RGB `[height, width, 3]`, upright.

    Raises:
      ClipError: the file cannot be decoded, or has changed since it was indexed.
    """
    index = _unchanged(clip)
    many = len(indices) > 2 and clip.height * clip.width >= LARGE
    reader = VideoReader(clip.path, index, THREADS if many else 1)
    try:
        for number in indices:
            yield reader.read(number)
    finally:
        reader.close()


def video_timing(clip: Clip, first: int) -> float | np.ndarray:
    """How long the frames from `first` on are shown; see `clip_timing`.

    Raises:
      ClipError: the file has changed since it was indexed.
    """
    index = _unchanged(clip)
    return timing_of(index.durations[first:], index.fps, float(index.tick))


def video_time(clip: Clip, frame: int) -> float:
    """Seconds after its first frame at which a frame of a video is shown; see `video_timing`."""
    return float(_unchanged(clip).times[frame])


def stored_size(path: str) -> tuple[int, int]:
    """Height and width of a video file's pictures, before rotation; decodes nothing.

    Raises:
      ClipError: the file is no video.
    """
    with open_container(path) as container:
        stream = film_track(container, path)
        return square_pixels(stream.height, stream.width, stream.sample_aspect_ratio)


def _unchanged(clip: Clip) -> VideoIndex:
    index = read_video_index(clip.path)
    if index.frames != clip.frames or index.geometry.shown != (clip.height, clip.width):
        raise ClipError(
            f"{clip.path}: holds {index.frames} frames of {index.geometry.shown[1]}x"
            f"{index.geometry.shown[0]} pixels, {clip.frames} of {clip.width}x{clip.height} when "
            "indexed; index again"
        )
    return index
