"""Data sets on disk: videos, ground truth beside them, and a manifest."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator

import numpy as np
import tqdm

from maskanim_tf.config import Section, option
from maskanim_tf.media.clip_writer import FORMATS, video_path, write_video
from maskanim_tf.puppets.puppet_clip import MIN_SIZE, Cast, PuppetClip, make_clip
from maskanim_tf.puppets.skeleton import JOINT_NAMES
from maskanim_tf.storage.files import atomic_path

MANIFEST = "puppets.json"
# Raised whenever the same parameters would give other pictures.
_GENERATOR_VERSION = 1
# Test persons are counted from here, so they stay the same however many training clips there are.
_FIRST_TEST_PERSON = 1_000_000


@dataclasses.dataclass(frozen=True)
class DatasetParameters(Section):
    """Everything that a data set depends on.

    Test figures and motions are not among the training clips. `size` must be even unless `format`
    is `frames`.

    Raises:
        ValueError: if a value is outside its range.
    """

    clips: int = option(64, "training clips", minimum=1, maximum=_FIRST_TEST_PERSON)
    test_clips: int = option(8, "test clips, of unseen figures", minimum=0)
    size: int = option(64, "height and width of the videos in pixels", minimum=MIN_SIZE)
    frames: int = option(32, "frames per clip", minimum=2)
    fps: float = option(25.0, "frames per second", above=0, maximum=1000)
    seed: int = option(0, "another seed gives another data set", minimum=0)
    clips_per_person: int = option(1, "clips that show the same person", minimum=1)
    identities_per_motion: int = option(
        1, "persons that make the same motion, for pairs across identities", minimum=1
    )
    plain: bool = option(False, "plain backgrounds, which a model learns to copy sooner")
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
                    f"{self.identities_per_motion}, got {getattr(self, name)}"
                )

    @property
    def cast(self) -> Cast:
        """Who does what."""
        return Cast(self.clips_per_person, self.identities_per_motion)

    def indices(self) -> Iterator[tuple[str, int]]:
        """The split (`train` or `test`) and index of every clip."""
        yield from (("train", index) for index in range(self.clips))
        first = _FIRST_TEST_PERSON * self.clips_per_person * self.identities_per_motion
        yield from (("test", index) for index in range(first, first + self.test_clips))

    def make_clip(self, index: int) -> PuppetClip:
        """Renders the clip with this index."""
        return make_clip(
            self.seed,
            index,
            size=self.size,
            frames=self.frames,
            fps=self.fps,
            clips_per_person=self.clips_per_person,
            identities_per_motion=self.identities_per_motion,
            plain=self.plain,
        )


@dataclasses.dataclass(frozen=True)
class Annotations:
    """Ground truth of a clip on disk; see `PuppetClip` for the conventions.

    Attributes:
        joints: float32 `[frames, joints, 2]`, (x, y) in pixels.
        visible: bool `[frames, joints]`.
        masks: uint8 `[frames, size, size]`, 0 or 255.
        fps: frames per second.
        action: what the figure does.
    """

    joints: np.ndarray
    visible: np.ndarray
    masks: np.ndarray
    fps: float
    action: str


def write_dataset(output: str, parameters: DatasetParameters, *, progress: bool = False) -> None:
    """Writes videos, their annotations and the manifest.

    These are `<output>/<split>/<name>.<format>`, `<output>/<split>/<name>.npz` (see
    `read_annotations`) and `<output>/puppets.json`, with `train` and `test` for the split.

    A clip appears under its name only when it is complete. Called again with the same parameters it
    writes what is missing and leaves the rest alone.

    Args:
        output: folder of the data set, made if needed.
        parameters: what to write.
        progress: whether to show a progress bar on stderr.

    Raises:
        ValueError: if the folder holds a data set of other parameters.
        OSError: if it cannot be written.
    """
    _claim(output, parameters)
    for split, index in tqdm.tqdm(
        list(parameters.indices()), desc="puppets", unit="clip", disable=not progress
    ):
        folder = os.path.join(output, split)
        name = parameters.cast.name(index)
        video = video_path(folder, name, parameters.format)
        truth = os.path.join(folder, f"{name}.npz")
        # The annotations come last, so a clip that has them is complete.
        if os.path.exists(truth) and os.path.exists(video):
            continue
        os.makedirs(folder, exist_ok=True)
        clip = parameters.make_clip(index)
        write_video(video, clip.frames, parameters.fps)
        with atomic_path(truth) as partial:
            np.savez_compressed(
                partial,
                points=clip.joints,
                visible=clip.visible,
                packed_masks=np.packbits(clip.masks > 0, axis=-1),
                fps=np.float64(parameters.fps),
                action=np.array(clip.action),
            )


def read_annotations(path: str) -> Annotations:
    """Reads the `.npz` file beside a clip."""
    with np.load(path) as file:
        packed = file["packed_masks"]
        masks = np.unpackbits(packed, axis=-1, count=packed.shape[1]) * np.uint8(255)
        return Annotations(
            joints=file["points"],
            visible=file["visible"],
            masks=masks,
            fps=float(file["fps"]),
            action=str(file["action"]),
        )


def _claim(output: str, parameters: DatasetParameters) -> None:
    """Writes the manifest, or checks that the one which is there asks for the same data set."""
    path = os.path.join(output, MANIFEST)
    wanted: dict = {
        "generator_version": _GENERATOR_VERSION,
        "parameters": dataclasses.asdict(parameters),
        "joint_names": list(JOINT_NAMES),
    }
    if not os.path.exists(path):
        os.makedirs(output, exist_ok=True)
        if any(os.path.exists(os.path.join(output, split)) for split in ("train", "test")):
            raise ValueError(
                f"{output} holds videos but no {MANIFEST}: choose another folder, or remove them"
            )
        with atomic_path(path) as partial:
            partial.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    try:
        with open(path, encoding="utf-8") as file:
            present = json.load(file)
        old = dict(present["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: remove {output}, or choose another folder") from error
    if present != wanted:
        difference = _difference(old, wanted["parameters"])
        raise ValueError(
            f"{output} holds a data set of other parameters ({difference}): "
            "choose another folder, or remove this one"
        )


def _difference(old: dict, new: dict) -> str:
    """Names the parameters that differ, with both values."""
    changed = [
        f"{name} {old.get(name)} there, {new[name]} now"
        for name in new
        if old.get(name) != new[name]
    ]
    return ", ".join(changed) or "written by another version of the generator"
