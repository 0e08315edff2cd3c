"""Which part of which clip becomes a prepared clip: boxes from a table."""

from __future__ import annotations

import dataclasses
import os

from maskanim_tf.media.clips import Clip, ClipError
from maskanim_tf.storage.csv_tables import read_table

COLUMNS = ("clip", "start", "end", "left", "top", "right", "bottom")
OPTIONAL_COLUMNS = ("identity",)


@dataclasses.dataclass(frozen=True)
class ClipPart:
    """A stretch of frames and a square of a clip; becomes one prepared clip.

    Attributes:
      name: of the prepared clip.
      clip: the clip it is cut from.
      start: first frame, counted from 0.
      end: the frame after the last one.
      box: left, top, right, bottom in pixels, right and bottom exclusive; None: the whole picture.
    """

    name: str
    clip: Clip
    start: int
    end: int
    box: tuple[int, int, int, int] | None = None


@dataclasses.dataclass(frozen=True)
class BoxRow:
    """A row of the table of boxes, with its line number for messages."""

    line: int
    clip: str
    start: int
    end: int
    box: tuple[int, int, int, int]
    identity: str = ""

    def part_of(self, clip: Clip) -> ClipPart:
        """What the row takes out of its clip, named `<identity>#<clip>#<start>#<end>`."""
        owner = f"{self.identity}#" if self.identity else ""
        name = f"{owner}{clip.name}#{self.start:06d}#{self.end:06d}"
        return ClipPart(name, clip, self.start, self.end, self.box)


def read_boxes(path: str | os.PathLike[str]) -> list[BoxRow]:
    """Reads a CSV with the columns clip, start, end, left, top, right, bottom and maybe identity.

    Frames are counted from 0, `end` is exclusive; pixels likewise. A box may reach beyond the
    picture.

    Raises:
      OSError: the file cannot be read.
      ValueError: a column is missing or a value is wrong; the message names the line.
    """
    return [
        _row(path, line, values) for line, values in read_table(path, COLUMNS, OPTIONAL_COLUMNS)
    ]


def _row(path: str | os.PathLike[str], line: int, values: dict[str, str]) -> BoxRow:
    try:
        start, end, left, top, right, bottom = (int(values[name]) for name in COLUMNS[1:])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}, line {line}: every value but clip is a whole number") from error
    if not values["clip"] or not (0 <= start < end and left < right and top < bottom):
        raise ValueError(
            f"{path}, line {line}: needs a clip, 0 <= start < end, left < right, top < bottom"
        )
    identity = values.get("identity") or ""
    return BoxRow(line, values["clip"], start, end, (left, top, right, bottom), identity)


def check_part(part: ClipPart) -> None:
    """Raises ClipError where the frames or the box lie outside of the clip."""
    clip = part.clip
    if part.end > clip.frames:
        raise ClipError(
            f"{clip.path}: frames {part.start} to {part.end - 1} asked for, it has {clip.frames}"
        )
    if part.box is not None:
        left, top, right, bottom = part.box
        if right <= 0 or bottom <= 0 or left >= clip.width or top >= clip.height:
            raise ClipError(
                f"{clip.path}: the box {part.box} lies outside of its {clip.width}x{clip.height} "
                "pixels"
            )
