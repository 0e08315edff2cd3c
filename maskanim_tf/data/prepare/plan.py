"""What a prepared data set is made of: its settings, and which clips go into which shard."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Sequence

from maskanim_tf.config import Section, option
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.prepare.boxes import BoxRow, ClipPart, read_boxes
from maskanim_tf.data.shards.shard_index import FORMAT_VERSION
from maskanim_tf.data.shards.shard_writer import ENCODINGS, shard_name
from maskanim_tf.keys import SPLITS, TRAIN
from maskanim_tf.media.clips import Clip
from maskanim_tf.media.fitting import FITS

_log = logging.getLogger(__name__)

# These decide what is prepared; the others where from, and how carefully.
DECISIVE = (
    "image_size",
    "fit",
    "drop_static",
    "clips_per_shard",
    "encoding",
    "quality",
)


@dataclasses.dataclass(frozen=True)
class PrepareConfig(Section):
    """Options of the preparation; each is a flag of the command."""

    input: str = option("", "folder of clips; its folders train and test, if there, are the splits")
    output: str = option("", "folder or address that the shards are written to")
    image_size: int = option(256, "side of the prepared frames in pixels", minimum=16, maximum=4096)
    boxes: str = option("", "CSV of boxes: clip,start,end,left,top,right,bottom[,identity]")
    fit: str = option("crop", "how a picture becomes square: cut, or filled up black", choices=FITS)
    drop_static: float = option(
        0.0,
        "leave out clips whose mean absolute difference of successive frames, in [0, 1], is below",
        minimum=0.0,
        maximum=1.0,
    )
    minimum_frames: int = option(2, "leave out clips with fewer frames", minimum=1)
    clips_per_shard: int = option(64, "clips in one shard file", minimum=1)
    encoding: str = option("jpeg", "how frames are stored", choices=ENCODINGS)
    quality: int = option(95, "of JPEG", minimum=1, maximum=100)
    picture_strips: bool = option(
        False, "pictures that are several times as wide as high are square frames side by side"
    )
    strict: bool = option(False, "a broken clip is an error instead of a warning")
    overwrite: bool = option(False, "replace what the output holds with other settings")

    def decisive(self) -> dict[str, object]:
        """The options that the bytes of a shard depend on."""
        return {name: getattr(self, name) for name in DECISIVE}


@dataclasses.dataclass(frozen=True)
class ShardJob:
    """One shard to be made."""

    split: str
    number: int
    count: int
    parts: tuple[ClipPart, ...]

    @property
    def file(self) -> str:
        """Name of the shard file."""
        return shard_name(self.number, self.count)

    @property
    def sidecar(self) -> str:
        """Name of the file with its part of the index."""
        return self.file.replace(".tfrecord", ".npz")

    def fingerprint(self, config: PrepareConfig) -> str:
        """Changes with everything that the bytes of the shard depend on."""
        return digest([FORMAT_VERSION, config.decisive(), clips_digest(self.parts)])


def plan_shards(config: PrepareConfig, *, progress: bool = False) -> list[ShardJob]:
    """The shards of all splits, in order; the same input gives the same plan.

    Raises:
      FileNotFoundError: the input or the table of boxes is missing.
      ValueError: there are no clips, or the boxes are for other clips.
      ClipError: with `strict`, the first broken clip.
    """
    rows = read_boxes(config.boxes) if config.boxes else None
    used: set[int] = set()
    jobs = []
    for split, folder in _splits(config.input):
        clips = find_clips(
            folder,
            strict=config.strict,
            strips=config.picture_strips,
            minimum_frames=1 if rows is not None else config.minimum_frames,
            progress=progress,
        )
        if rows is None:
            parts = [ClipPart(clip.name, clip, 0, clip.frames) for clip in clips]
        else:
            parts = _boxed(clips, split, rows, used, config)
        parts.sort(key=lambda part: part.name)
        size = config.clips_per_shard
        count = -(-len(parts) // size)
        jobs += [
            ShardJob(split, number, count, tuple(parts[number * size : (number + 1) * size]))
            for number in range(count)
        ]
    if rows is not None:
        _report_unused([row for row in rows if row.line not in used], config, bool(jobs))
    return jobs


def clips_digest(parts: Sequence[ClipPart]) -> str:
    """Identifies the clips by name, stretch, box, size and, for files, number of bytes."""
    return digest([_identity(part) for part in parts])


def digest(values: object) -> str:
    """SHA-256 of plain values, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _splits(folder: str) -> list[tuple[str, str]]:
    if not folder:
        raise ValueError("the input is missing: name the folder of clips with --input")
    found = [(split, os.path.join(folder, split)) for split in SPLITS]
    return [pair for pair in found if os.path.isdir(pair[1])] or [(TRAIN, folder)]


def _boxed(
    clips: Sequence[Clip],
    split: str,
    rows: Sequence[BoxRow],
    used: set[int],
    config: PrepareConfig,
) -> list[ClipPart]:
    known = {name: clip for clip in clips for name in (clip.name, f"{split}/{clip.name}")}
    parts: dict[str, ClipPart] = {}
    for row in rows:
        if row.clip not in known:
            continue
        used.add(row.line)
        part = row.part_of(known[row.clip])
        if part.end - part.start < config.minimum_frames:
            continue
        if part.name in parts:
            raise ValueError(
                f"{config.boxes}, line {row.line}: a second {part.name}; two boxes of the same "
                "frames need different identities"
            )
        parts[part.name] = part
    return list(parts.values())


def _report_unused(rows: Sequence[BoxRow], config: PrepareConfig, any_left: bool) -> None:
    if not rows and any_left:
        return
    if not rows:
        raise ValueError(f"{config.boxes}: no box has at least {config.minimum_frames} frames")
    message = (
        f"{config.boxes}: {len(rows)} rows are for clips that {config.input} does not hold, the "
        f"first is {rows[0].clip!r} in line {rows[0].line}"
    )
    if config.strict or not any_left:
        raise ValueError(f"{message}; clips are named by their path below the input, no suffix")
    _log.warning("%s; they are left out", message)


def _identity(part: ClipPart) -> list[object]:
    clip = part.clip
    size = os.path.getsize(clip.path) if os.path.isfile(clip.path) else 0
    picture = [clip.kind, clip.frames, clip.fps, clip.height, clip.width, size]
    return [part.name, part.start, part.end, part.box, *picture]
