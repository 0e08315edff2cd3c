"""What a clip is: the record that the readers and the index share."""

from __future__ import annotations

import dataclasses
import os

from maskanim_tf.media.errors import ClipError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".avi", ".mov", ".mkv", ".webm", ".gif")
PICTURE_SUFFIXES = (*(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif", ".apng", ".tif", ".tiff"),)


@dataclasses.dataclass(frozen=True)
class Clip:
    """Where the frames of one clip are and how many there are; small, picklable, without handles.

    Attributes:
      path: the file, or the folder of frames.
      name: path relative to the indexed folder, '/'-separated; without suffix for files; UTF-8.
      kind: "video", "animation", "folder", "strip" or "picture".
      frames: exact number of frames.
      fps: frames per second; 25.0 where the kind has none.
      height: of a frame in pixels, after rotation.
      width: of a frame in pixels, after rotation.
      has_audio: the file holds a sound track.
      left_out: names of broken pictures that a folder clip goes without.
    """

    path: str
    name: str
    kind: str
    frames: int
    fps: float
    height: int
    width: int
    has_audio: bool
    left_out: tuple[str, ...] = ()

    def check_shape(self, path: str, shape: tuple[int, ...]) -> None:
        """Raises ClipError unless a frame `[height, width, 3]` has the size of the clip."""
        if shape[:2] != (self.height, self.width):
            raise ClipError(
                f"{path}: a frame of {shape[1]}x{shape[0]} pixels in a clip of "
                f"{self.width}x{self.height}; bring all frames to one size, then index again"
            )


def printable(name: str) -> str:
    r"""A file name as text that can be printed and stored: what is no UTF-8 becomes \xe9."""
    return os.fsencode(name).decode(errors="backslashreplace")


def has_suffix(path: str | os.PathLike[str], suffixes: tuple[str, ...]) -> bool:
    """Whether `path` ends in one of `suffixes`, in any case."""
    return os.path.splitext(os.fspath(path))[1].lower() in suffixes


def is_finished(name: str) -> bool:
    """Whether a file name is neither hidden nor that of a file still being written."""
    return not name.startswith(".") and ".partial" not in name
