"""Data sets on disk: videos, ground truth beside them, and a manifest."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import tqdm

from maskanim_tf.config import Section, option
from maskanim_tf.media.clip_writer import FORMATS, video_path, write_video
from maskanim_tf.people.camera import CAMERAS, FRAMINGS
from maskanim_tf.people.ground_truth import write_truth
from maskanim_tf.people.labels import LABELS
from maskanim_tf.people.landmarks import POINT_NAMES
from maskanim_tf.people.person_clip import (
    BACKGROUNDS,
    MAX_SIZE,
    MIN_SIZE,
    ClipOptions,
    PersonClip,
    clip_name,
    make_clip,
)
from maskanim_tf.people.workers import run_tasks
from maskanim_tf.storage.files import atomic_path

MANIFEST = "people.json"
# Raised whenever the same parameters would give other pictures.
_GENERATOR_VERSION = 1
# Test persons and motions are counted from here, so they stay the same however many training clips
# there are.
_FIRST_TEST = 1_000_000


@dataclasses.dataclass(frozen=True)
class DatasetParameters(Section):
    """Everything that a data set depends on.

    Neither the persons nor the motions of test clips are among the training clips. Clips come in
    blocks of `identities_per_motion` persons, each of whom performs the block's `clips_per_person`
    motions; clips of one motion are consecutive.

    Raises:
        ValueError: if a value is outside its range.
    """

    clips: int = option(64, "training clips", minimum=1, maximum=_FIRST_TEST)
    test_clips: int = option(8, "test clips, of unseen persons in unseen motions", minimum=0)
    size: int = option(256, "height and width in pixels", minimum=MIN_SIZE, maximum=MAX_SIZE)
    frames: int = option(50, "frames per clip", minimum=2)
    fps: float = option(25.0, "frames per second", above=0, maximum=1000)
    seed: int = option(0, "another seed gives another data set", minimum=0)
    clips_per_person: int = option(1, "clips that show the same person", minimum=1)
    identities_per_motion: int = option(
        1, "persons who perform the same motion, which makes true pairs", minimum=1
    )
    framing: str = option("any", "how much is seen", choices=("any", *FRAMINGS))
    camera: str = option("any", "how it is held", choices=CAMERAS)
    background: str = option("any", "plain ones are learnt sooner", choices=BACKGROUNDS)
    keep_in_frame: bool = option(True, "the whole head stays in the picture all the time")
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

    def clip_numbers(self) -> Iterator[tuple[str, int, int]]:
        """The split (`train` or `test`), person and motion of every clip."""
        for split, clips, first in (
            ("train", self.clips, 0),
            ("test", self.test_clips, _FIRST_TEST),
        ):
            for index in range(clips):
                persons, motions = self.identities_per_motion, self.clips_per_person
                block, place = divmod(index, persons * motions)
                motion, person = divmod(place, persons)
                yield split, first + block * persons + person, first + block * motions + motion

    def make_clip(self, person: int, motion: int) -> PersonClip:
        """Renders one person performing one motion."""
        options = ClipOptions(
            size=self.size,
            frames=self.frames,
            fps=self.fps,
            framing=self.framing,
            camera=self.camera,
            background=self.background,
            keep=self.keep_in_frame,
        )
        return make_clip(self.seed, person, motion, options)


def write_dataset(
    output: str, parameters: DatasetParameters, *, processes: int = 1, progress: bool = False
) -> None:
    """Writes videos, their ground truth and the manifest.

    These are `<output>/<split>/<name>.<format>`, `<output>/<split>/<name>.npz` (see
    `ground_truth.write_truth`) and `<output>/people.json`, with `train` and `test` for the split.

    A clip appears under its name only when it is complete. Called again with the same parameters it
    writes what is missing and leaves the rest alone.

    Args:
        output: folder of the data set, made if needed; one run at a time.
        parameters: what to write; it alone decides about every byte.
        processes: how many draw at the same time, at least 1.
        progress: whether to show a progress bar on stderr.

    Raises:
        ValueError: if the folder holds a data set of other parameters.
        OSError: if it cannot be written.
        RuntimeError: if data of the body or OpenGL are missing, or a process was killed.
    """
    fresh = _claim(output, parameters)
    tasks = [
        (output, parameters, *numbers)
        for numbers in parameters.clip_numbers()
        if not _is_complete(output, parameters, *numbers)
    ]
    total = parameters.clips + parameters.test_clips
    with tqdm.tqdm(
        total=total, initial=total - len(tasks), desc="people", unit="clip", disable=not progress
    ) as bar:
        try:
            for _ in run_tasks(write_clip, tasks, processes):
                bar.update()
        except Exception:
            # A folder in which nothing could be drawn does not insist on its parameters.
            if fresh and bar.n == 0:
                os.remove(os.path.join(output, MANIFEST))
            raise


def write_clip(
    output: str, parameters: DatasetParameters, split: str, person: int, motion: int
) -> None:
    """Renders and writes one clip."""
    folder, name = os.path.join(output, split), clip_name(person, motion)
    clip = parameters.make_clip(person, motion)
    write_video(video_path(folder, name, parameters.format), clip.frames, parameters.fps)
    write_truth(os.path.join(folder, f"{name}.npz"), clip, parameters.seed, parameters.fps)


def _is_complete(
    output: str, parameters: DatasetParameters, split: str, person: int, motion: int
) -> bool:
    """The ground truth comes last, so a clip that has it is complete."""
    folder, name = os.path.join(output, split), clip_name(person, motion)
    video = video_path(folder, name, parameters.format)
    return os.path.exists(os.path.join(folder, f"{name}.npz")) and os.path.exists(video)


def _claim(output: str, parameters: DatasetParameters) -> bool:
    """Writes the manifest, or checks that the one which is there asks for the same data set.

    Returns:
        Whether there was none.
    """
    path = os.path.join(output, MANIFEST)
    wanted: dict = {
        "generator_version": _GENERATOR_VERSION,
        "parameters": dataclasses.asdict(parameters),
        "points": list(POINT_NAMES),
        "labels": list(LABELS),
    }
    splits = [Path(output, split) for split in ("train", "test")]
    if not os.path.exists(path):
        if any(split.exists() for split in splits):
            raise ValueError(
                f"{output} holds videos but no {MANIFEST}: choose another folder, or remove them"
            )
        with atomic_path(path) as partial:
            partial.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return True
    try:
        with open(path, encoding="utf-8") as file:
            present = json.load(file)
        old = dict(present["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: remove {output}, or choose another folder") from error
    if present != wanted:
        changed = [
            f"{name} {old.get(name)} there, {value} now"
            for name, value in wanted["parameters"].items()
            if old.get(name) != value
        ]
        difference = ", ".join(changed) or "written by another version of the generator"
        raise ValueError(
            f"{output} holds a data set of other parameters ({difference}): "
            "choose another folder, or remove this one"
        )
    for split in splits:
        # What a killed run has left half-written.
        for partial in split.glob(".*.partial*"):
            if partial.is_dir():
                shutil.rmtree(partial)
            else:
                partial.unlink()
    return False
