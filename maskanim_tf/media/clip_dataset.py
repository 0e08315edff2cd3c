"""Data sets of generated clips on disk: their options, their files, and a manifest."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maskanim_tf.config import Section, option
from maskanim_tf.keys import SPLITS
from maskanim_tf.media.clip_writer import FORMATS, video_path
from maskanim_tf.storage.files import remove_whole, write_json

# Test clips are counted from here, so they stay the same however many training clips there are.
FIRST_TEST = 1_000_000


@dataclasses.dataclass(frozen=True)
class ClipSetParameters(Section):
    """What every generated data set depends on.

    Neither the persons nor the motions of test clips are among the training clips. `size` must be
    even unless `format` is `frames`.

    Raises:
        ValueError: if a value is outside its range.
    """

    clips: int = option(64, "training clips", minimum=1, maximum=FIRST_TEST)
    test_clips: int = option(8, "test clips, of unseen persons in unseen motions", minimum=0)
    size: int = option(64, "height and width in pixels")
    frames: int = option(32, "frames per clip", minimum=2)
    fps: float = option(25.0, "frames per second", above=0, maximum=1000)
    seed: int = option(0, "another seed gives another data set", minimum=0)
    clips_per_person: int = option(1, "clips that show the same person", minimum=1)
    identities_per_motion: int = option(
        1, "persons that make the same motion, for pairs across identities", minimum=1
    )
    format: str = option(
        "mp4", "MPEG-4 (small), FFV1 (lossless) or a folder of PNG files per clip", choices=FORMATS
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format != "frames" and self.size % 2:
            raise ValueError(
                f"size must be even for format {self.format}, got {self.size}; "
                "format frames takes every size"
            )
        for name in ("clips", "test_clips"):
            if getattr(self, name) % self.identities_per_motion:
                raise ValueError(
                    f"{name} must be a multiple of identities_per_motion "
                    f"({self.identities_per_motion}), got {getattr(self, name)}"
                )


@dataclasses.dataclass(frozen=True)
class ClipFiles:
    """Where the files of one clip are.

    Attributes:
        video: path of the video, or of the folder of frames.
        truth: path of the `.npz` with its ground truth, which is written last.
    """

    video: str
    truth: str

    @property
    def complete(self) -> bool:
        """Whether both are there."""
        return os.path.exists(self.truth) and os.path.exists(self.video)


def clip_files(output: str, split: str, name: str, file_format: str) -> ClipFiles:
    """The files of a clip in the data set `output`."""
    folder = os.path.join(output, split)
    video = video_path(folder, name, file_format)
    return ClipFiles(video, os.path.join(folder, f"{name}.npz"))


def claim_folder(
    output: str, manifest: str, parameters: ClipSetParameters, details: Mapping[str, Any]
) -> bool:
    """Writes the manifest, or checks that the one which is there asks for the same data set.

    What a killed run has left half-written is removed.

    Args:
        output: folder of the data set, made if needed.
        manifest: name of the file.
        parameters: what the data set depends on.
        details: what else the manifest holds.

    Returns:
        Whether there was none.

    Raises:
        ValueError: if the folder holds a data set of other parameters, or other videos.
        OSError: if it cannot be written.
    """
    path = Path(output, manifest)
    wanted: dict[str, Any] = {**details, "parameters": dataclasses.asdict(parameters)}
    splits = [Path(output, split) for split in SPLITS]
    if not path.exists():
        if any(split.exists() for split in splits):
            raise ValueError(
                f"{output} holds videos but no {manifest}: choose another folder, or remove them"
            )
        write_json(path, wanted)
        return True
    try:
        present = json.loads(path.read_text(encoding="utf-8"))
        old = dict(present["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: remove {output}, or choose another folder") from error
    if present != wanted:
        raise ValueError(
            f"{output} holds a data set of other parameters "
            f"({_difference(old, wanted['parameters'])}): choose another folder, or remove this one"
        )
    remove_partials(output)
    return False


def remove_partials(output: str) -> None:
    """Removes what killed processes have left half-written."""
    for split in SPLITS:
        for left in Path(output, split).glob(".*.partial*"):
            remove_whole(left)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Names the parameters that differ, with both values."""
    changed = [
        f"{name} {old.get(name)} there, {value} now"
        for name, value in new.items()
        if old.get(name) != value
    ]
    return ", ".join(changed) or "written by another version of the generator"
