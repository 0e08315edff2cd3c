"""`python -m maskanim_tf.data.prepare.fomm_tables`: the published crops of Tai-Chi-HD and VoxCeleb.

First-order-model's authors publish, instead of videos, a table with a row per crop: `video_id`,
`start` and `end` in frames, `bbox` as left-top-right-bottom, the `fps`, `height` and `width` that
these refer to, `partition` (train or test), and for VoxCeleb `person_id`. A download may have
another frame rate or size. This command turns the table and a folder of downloads into what
`maskanim_tf.data.prepare` reads: folders `train/` and `test/` of links to the videos, and
`boxes.csv`.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import os
from pathlib import Path

from tqdm import tqdm

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.data.prepare.boxes import COLUMNS, OPTIONAL_COLUMNS
from maskanim_tf.keys import SPLITS
from maskanim_tf.media.clips import Clip, ClipError, probe_clip
from maskanim_tf.storage.csv_tables import TableRow, read_table, write_table

_log = logging.getLogger(__name__)

NEEDED = ("video_id", "start", "end", "bbox", "fps", "height", "width", "partition")


@dataclasses.dataclass(frozen=True)
class PublishedOptions(Section):
    """Options of the command."""

    metadata: str = option("", "the published table, such as taichi-metadata.csv")
    videos: str = option("", "folder of downloaded videos, named <video id>.mp4")
    output: str = option("", "folder to make, for --input and --boxes of the preparation")


def main(options: PublishedOptions) -> None:
    """Writes links and boxes, and says which videos are missing."""
    for name in ("metadata", "videos", "output"):
        if not getattr(options, name):
            raise ValueError(f"--{name} is missing")
    used, missing = convert(options.metadata, options.videos, options.output)
    print(f"{used} crops; {missing} videos of the table are not in {options.videos}")
    print(
        f"next: python -m maskanim_tf.data.prepare --input={options.output} "
        f"--boxes={os.path.join(options.output, 'boxes.csv')} --output=SHARDS"
    )


def convert(metadata: str, videos: str, output: str) -> tuple[int, int]:
    """Links the videos of a published table and writes its boxes in their frames and pixels.

    Crops of which nothing is left, since a download ends before them or is smaller, are left out
    with one warning; broken videos with one each.

    Returns:
      The number of crops written, and the number of videos that are not there or broken.

    Raises:
      FileNotFoundError: no such table.
      ValueError: the table lacks a column or holds a wrong value, or none of its videos is there.
    """
    rows_of: dict[str, list[TableRow]] = {}
    for entry in _read_table(metadata):
        rows_of.setdefault(entry.values["video_id"], []).append(entry)
    boxes, missing, empty = [], 0, []
    for video_id, rows in tqdm(rows_of.items(), "videos", unit="video"):
        parts = video_id.split("#")
        video = Path(videos, f"{parts[0]}.mp4")
        if not video.exists():
            missing += 1
            continue
        try:
            clip = probe_clip(video)
        except ClipError as error:
            _log.warning("%s; its crops are left out", error)
            missing += 1
            continue
        # Reversed, as in the published file names, so that the person comes first.
        name = "#".join(reversed(parts))
        for line, row in rows:
            start, end, left, top, right, bottom = box = _box(f"{metadata}, line {line}", row, clip)
            if end <= start or right <= left or bottom <= top:
                empty.append(f"{video_id} in line {line}")
                continue
            _link(Path(output, row["partition"], f"{name}.mp4"), video.resolve())
            boxes.append((f"{row['partition']}/{name}", *box, row.get("person_id", "")))
    if empty:
        _log.warning(
            "%s: %d crops lie outside of their downloads, which are shorter or smaller than the "
            "originals, the first is %s; they are left out",
            *(metadata, len(empty), empty[0]),
        )
    if not boxes:
        raise ValueError(f"{videos} holds none of the {len(rows_of)} videos of {metadata}")
    write_table(Path(output, "boxes.csv"), (*COLUMNS, *OPTIONAL_COLUMNS), boxes)
    return len(boxes), missing


def _link(link: Path, video: Path) -> None:
    """Makes a link to a video; one that an earlier call made, dangling now perhaps, is replaced."""
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() != video:
        link.unlink()
    if not os.path.lexists(link):
        link.symlink_to(video)


def _read_table(path: str) -> list[TableRow]:
    rows = read_table(path, NEEDED, None)
    for line, row in rows:
        if row.get("partition") not in SPLITS:
            raise ValueError(
                f"{path}, line {line}: partition is {row.get('partition')!r}, but must be one of "
                f"{', '.join(SPLITS)}"
            )
    return rows


def _box(where: str, row: dict[str, str], clip: Clip) -> tuple[int, int, int, int, int, int]:
    """Start, end, left, top, right and bottom of a row in the frames and pixels of a download."""
    try:
        rate = clip.fps / float(row["fps"])
        # A frame belongs to the crop when its time is not before the start and before the end.
        start, end = (math.ceil(int(row[key]) * rate - 1e-6) for key in ("start", "end"))
        left, top, right, bottom = (int(word) for word in row["bbox"].split("-"))
        across, down = clip.width / float(row["width"]), clip.height / float(row["height"])
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            f"{where}: the row of {row['video_id']} is not as published: {error}"
        ) from error
    return (
        start,
        min(end, clip.frames),
        int(left * across),
        int(top * down),
        int(right * across),
        int(bottom * down),
    )


if __name__ == "__main__":
    run_command(main, PublishedOptions)
