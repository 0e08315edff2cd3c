"""Data sets on disk: videos, ground truth beside them, and a manifest."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator

import cv2
import tqdm

from maskanim_tf.config import option
from maskanim_tf.engine import Engine
from maskanim_tf.media.clip_dataset import (
    FIRST_TEST,
    ClipFiles,
    ClipSetParameters,
    claim_folder,
    clip_files,
    remove_partials,
)
from maskanim_tf.media.clip_writer import write_video
from maskanim_tf.people.ground_truth import write_truth
from maskanim_tf.people.labels import LABELS
from maskanim_tf.people.landmarks import POINT_NAMES
from maskanim_tf.people.person_clip import (
    ClipOptions,
    PersonClip,
    clip_name,
    make_clip,
)
from maskanim_tf.people.workers import run_in_one_thread, run_tasks

MANIFEST = "people.json"
# Raised whenever the same parameters would give other pictures.
_GENERATOR_VERSION = 4


@dataclasses.dataclass(frozen=True)
class DatasetParameters(ClipOptions, ClipSetParameters):
    """Everything that a data set of people depends on.

    Clips come in blocks of `identities_per_motion` persons, each of whom performs the block's
    `clips_per_person` motions; clips of one motion are consecutive.
    """

    frames: int = option(50, "frames per clip", minimum=2)

    def clip_numbers(self) -> Iterator[tuple[str, int, int]]:
        """The split (`train` or `test`), person and motion of every clip."""
        for split, clips, first in (
            ("train", self.clips, 0),
            ("test", self.test_clips, FIRST_TEST),
        ):
            for index in range(clips):
                persons, motions = self.identities_per_motion, self.clips_per_person
                block, place = divmod(index, persons * motions)
                motion, person = divmod(place, persons)
                yield split, first + block * persons + person, first + block * motions + motion

    def make_clip(self, person: int, motion: int) -> PersonClip:
        """Renders one person performing one motion."""
        return make_clip(self.seed, person, motion, self)


def write_dataset(
    output: str,
    parameters: DatasetParameters,
    *,
    processes: int = 1,
    engine: Engine | None = None,
    progress: bool = False,
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
        engine: draws instead of processes here; its workers must see the output under the same
            path. Each of their processes draws one clip at a time.
        progress: whether to show a progress bar on stderr; an engine shows its own.

    Raises:
        ValueError: if the folder holds a data set of other parameters.
        OSError: if it cannot be written.
        RuntimeError: if data of the body or OpenGL are missing, a process was killed, or the engine
            did not draw every clip.
    """
    output = os.path.abspath(output)  # Workers have working directories of their own.
    details = {
        "generator_version": _GENERATOR_VERSION,
        "points": list(POINT_NAMES),
        "labels": list(LABELS),
    }
    fresh = claim_folder(output, MANIFEST, parameters, details)
    tasks = _missing(output, parameters)
    total = parameters.clips + parameters.test_clips
    try:
        if engine is not None:
            _draw_on(engine, output, parameters, tasks)
        else:
            with tqdm.tqdm(
                total=total,
                initial=total - len(tasks),
                desc="people",
                unit="clip",
                disable=not progress,
            ) as bar:
                arguments = [(output, parameters, *task) for task in tasks]
                for _ in run_tasks(write_clip, arguments, processes):
                    bar.update()
    except Exception:
        # A folder in which nothing could be drawn does not insist on its parameters.
        if fresh and len(_missing(output, parameters)) == total:
            os.remove(os.path.join(output, MANIFEST))
        raise


def write_clip(
    output: str, parameters: DatasetParameters, split: str, person: int, motion: int
) -> None:
    """Renders and writes one clip."""
    files = _files(output, parameters, split, person, motion)
    clip = parameters.make_clip(person, motion)
    write_video(files.video, clip.frames, parameters.fps)
    write_truth(files.truth, clip, parameters.seed, parameters.fps)


def _missing(output: str, parameters: DatasetParameters) -> list[tuple[str, int, int]]:
    """The numbers of the clips that are not there."""
    return [
        numbers
        for numbers in parameters.clip_numbers()
        if not _files(output, parameters, *numbers).complete
    ]


def _draw_on(
    engine: Engine,
    output: str,
    parameters: DatasetParameters,
    tasks: list[tuple[str, int, int]],
) -> None:
    engine.run(functools.partial(_draw, output, parameters), tasks)
    remove_partials(output)
    if missing := _missing(output, parameters):
        first = _files(output, parameters, *missing[0]).video
        raise RuntimeError(
            f"{len(missing)} of {len(tasks)} clips were not drawn, the first is {first}; run again "
            "to draw them. Workers on other machines must see the output under the same path"
        )


def _draw(output: str, parameters: DatasetParameters, numbers: tuple[str, int, int]) -> None:
    # One process draws one clip, as `run_tasks` has it.
    cv2.setNumThreads(1)
    run_in_one_thread(write_clip, output, parameters, *numbers)


def _files(
    output: str, parameters: DatasetParameters, split: str, person: int, motion: int
) -> ClipFiles:
    return clip_files(output, split, clip_name(person, motion), parameters.format)
