"""Results as files: a movie, or a folder of numbered PNGs; whole or absent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from maskanim_tf.commands import interruptible
from maskanim_tf.data.movies import MOVIE_FORMATS, REMEDY, write_movie
from maskanim_tf.data.panels import write_picture
from maskanim_tf.data.sound import Sound
from maskanim_tf.files import atomic_path
from maskanim_tf.media.clock import Timing

FRAME_NAME = "frame-{:06d}.png"
FRAME_PATTERN = re.compile(r"frame-\d{6,}\.png")


def check_output(path: str | os.PathLike[str]) -> None:
    """Raises ValueError unless a path names a movie, a new folder, or a folder of our own frames.

    A path without an ending is a folder; what stood there is replaced, so it must be ours.
    """
    if os.path.isdir(path):
        strangers = [n for n in sorted(os.listdir(path)) if not FRAME_PATTERN.fullmatch(n)]
        if strangers:
            raise ValueError(
                f"{path} is a folder that holds other things, {strangers[0]} for one; give an "
                f"--output ending in {', '.join(MOVIE_FORMATS)}, or a new folder for PNGs"
            )
    elif Path(path).suffix.lower() not in ("", *MOVIE_FORMATS):
        raise ValueError(
            f"{path}: unknown ending {Path(path).suffix}; an output ends in "
            f"{', '.join(MOVIE_FORMATS)}, or in nothing for a folder of PNGs"
        )


def write_output(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    timing: Timing,
    sound: Sound | None = None,
) -> int:
    """Writes frames as they come; see `write_movie`.

    Args:
      path: checked by `check_output`.
      frames: uint8 `[height, width, 3]` each, RGB.
      timing: frames per second, or seconds of each frame; a folder does not hold it.
      sound: for an .mp4.

    Returns:
      The number of frames.

    Raises:
      ValueError: there is no frame.
      OSError: the file or folder cannot be written.
    """
    frames = interruptible(frames)
    if Path(path).suffix.lower() in MOVIE_FORMATS and not os.path.isdir(path):
        return write_movie(path, frames, timing, sound)
    count = 0
    with atomic_path(os.path.abspath(path)) as partial:
        for frame in frames:
            try:
                partial.mkdir(exist_ok=True)
                write_picture(partial / FRAME_NAME.format(count), frame)
            except OSError as error:
                reason = error.strerror or error
                raise OSError(f"{path}: cannot be written ({reason}); {REMEDY}") from error
            count += 1
        if not count:
            raise ValueError(f"{path}: there is no frame to write")
    return count
