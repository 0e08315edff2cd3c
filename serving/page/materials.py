"""Files that users of the page send: opened within limits, called what their users call them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from maskanim_tf.media.clip import VIDEO_SUFFIXES, has_suffix
from maskanim_tf.media.footage import Footage, claimed_pixels, open_footage
from maskanim_tf.serving.contract import ServingError, invalid


@dataclasses.dataclass(frozen=True)
class Material:
    """A file, and what its user calls it."""

    path: Path
    shown: str


@dataclasses.dataclass(frozen=True)
class _StoppableFootage(Footage):
    """Footage whose reading ends with StoppedError once its client has gone."""

    check: Callable[[], None] = lambda: None

    def frames(self) -> Iterator[np.ndarray]:
        for frame in super().frames():
            self.check()
            yield frame


def open_material(material: Material, max_pixels: int, check: Callable[[], None]) -> Footage:
    """Opens a file.

    Args:
      material: the file.
      max_pixels: most pixels of a frame.
      check: is called for each frame that is read; what it raises ends the reading.

    Raises:
      ServingError: it is no video in spite of its ending, or too large.
      ValueError: it cannot be read.
      OSError: likewise.
    """
    if has_suffix(material.path, VIDEO_SUFFIXES) and not _is_container(material.path):
        raise invalid(f"{material.shown} is no video that is known")
    if claimed_pixels(material.path) > max_pixels:
        raise invalid(f"{material.shown} has more than {max_pixels} pixels")
    footage = open_footage(material.path)
    return _StoppableFootage(footage.clip, check)


@contextlib.contextmanager
def plain_errors(materials: Iterable[Material], output: Path | None = None) -> Iterator[None]:
    """Errors for the client, in which files are called what it calls them."""
    try:
        yield
    except (ValueError, OSError) as error:
        message = str(error)
        if output is not None:
            message = message.replace(os.fspath(output), "the video")
        for material in materials:
            message = message.replace(os.fspath(material.path), material.shown)
            message = message.replace(material.path.name, material.shown)
        code = "INVALID_ARGUMENT" if isinstance(error, ValueError) else "INTERNAL"
        raise ServingError(code, message) from error


def _is_container(path: Path) -> bool:
    """Whether a file begins like one of the videos that are read.

    FFmpeg also knows play lists, which would make it open other files and addresses.
    """
    with path.open("rb") as file:
        head = file.read(12)
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:4] in (b"\x1aE\xdf\xa3", b"GIF8")
    )
