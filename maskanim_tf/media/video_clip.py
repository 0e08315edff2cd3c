"""Video files as clips; `media.video_reader` reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from maskanim_tf.media.clip import Clip
from maskanim_tf.media.containers import film_track, open_container
from maskanim_tf.media.errors import remedy
from maskanim_tf.media.geometry import square_pixels
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
    clip = Clip(path, name, "video", index.frames, index.fps, *index.size, index.has_audio)
    return clip, complaint


def read_video_frames(
    clip: Clip, index: VideoIndex, indices: Sequence[int]
) -> Iterator[np.ndarray]:
    """Frames at ascending `indices`, each uint8 RGB `[height, width, 3]`, upright.

    Raises:
      ClipError: the file cannot be decoded.
    """
    many = len(indices) > 2 and clip.height * clip.width >= LARGE
    reader = VideoReader(clip.path, index, THREADS if many else 1)
    try:
        for number in indices:
            yield reader.read(number)
    finally:
        reader.close()


def stored_size(path: str) -> tuple[int, int]:
    """Height and width of a video file's pictures, before rotation; decodes nothing.

    Raises:
      ClipError: the file is no video.
    """
    with open_container(path) as container:
        stream = film_track(container, path)
        return square_pixels(stream.height, stream.width, stream.sample_aspect_ratio)
