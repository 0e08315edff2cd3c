"""Results as files: a movie, or a folder of numbered PNGs; whole or absent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from maskanim_tf.interrupts import interruptible
from maskanim_tf.media.clock import Timing
from maskanim_tf.media.movies import MOVIE_FORMATS, REMEDY, clear_endings, write_movie
from maskanim_tf.media.panels import write_picture
from maskanim_tf.media.provenance import Provenance
from maskanim_tf.media.sound import Sound
from maskanim_tf.storage.files import atomic_path, check_writable

FRAME_NAME = "frame-{:06d}.png"
FRAME_PATTERN = re.compile(r"frame-\d{6,}\.png")


def check_output(
    path: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    clear: bool = False,
) -> None:
    """Finds out, before any work is done, whether an output can be written.

    A path without an ending is a folder; what stood there is replaced, so it must hold frames of
    ours alone. Hidden files are not looked at.

    Args:
      path: a movie, a new folder, or a folder of our own frames.
      inputs: what is read, which must be something else.
      clear: frames are transparent.

    Raises:
      ValueError: it is none of these, an input, or a movie that knows no transparency.
      OSError: the file or folder cannot be written.
    """
    for read in inputs:
        if os.path.exists(path) and os.path.exists(read) and os.path.samefile(path, read):
            raise ValueError(f"{path}: the output would replace an input; choose another --output")
    form = MOVIE_FORMATS.get(Path(path).suffix.lower())
    if clear and form is not None and not form.clear_pixels:
        raise ValueError(
            f"{path}: this format knows no transparency; give an --output ending in "
            f"{clear_endings()}, or a folder for PNGs"
        )
    if os.path.isdir(path):
        strangers = [n for n in sorted(os.listdir(path)) if not _is_ours(n)]
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
    elif os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"{path}: is a device; give the name of a file or folder")
    elif not Path(path).suffix and os.path.exists(path):
        raise ValueError(
            f"{path}: is a file, but an output without an ending is a folder of PNGs; give an "
            f"--output ending in {', '.join(MOVIE_FORMATS)}, or another name"
        )
    check_writable(path)


def _is_ours(name: str) -> bool:
    """Whether a name in a folder of frames is one of them, or nobody's work."""
    return bool(FRAME_PATTERN.fullmatch(name)) or name.startswith(".") or name == "lost+found"


def write_output(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    timing: Timing,
    sound: Sound | None = None,
    note: Provenance | None = None,
) -> int:
    """Writes frames as they come; see `write_movie`.

    Args:
      path: checked by `check_output`.
      frames: uint8 `[height, width, 3]` each, RGB, or 4 with opacity.
      timing: frames per second, or seconds of each frame; a folder does not hold it.
      sound: for an .mp4 or .webm.
      note: what a movie says about itself; pictures stay bare.

    Returns:
      The number of frames.

    Raises:
      ValueError: there is no frame.
      OSError: the file or folder cannot be written.
    """
    frames = interruptible(frames)
    if Path(path).suffix.lower() in MOVIE_FORMATS and not os.path.isdir(path):
        return write_movie(path, frames, timing, sound, note)
    count = 0
    with atomic_path(path) as partial:
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
