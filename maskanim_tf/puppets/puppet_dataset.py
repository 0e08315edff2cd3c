"""Data sets on disk: videos, ground truth beside them, and a manifest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import tqdm

from maskanim_tf.config import option
from maskanim_tf.media.clip_dataset import FIRST_TEST, ClipSetParameters, claim_folder, clip_files
from maskanim_tf.media.clip_writer import write_video
from maskanim_tf.puppets.puppet_clip import MIN_SIZE, Cast, PuppetClip, make_clip
from maskanim_tf.puppets.skeleton import JOINT_NAMES
from maskanim_tf.storage.files import atomic_path

MANIFEST = "puppets.json"
# Raised whenever the same parameters would give other pictures.
_GENERATOR_VERSION = 1


@dataclasses.dataclass(frozen=True)
class DatasetParameters(ClipSetParameters):
    """Everything that a data set of puppets depends on; see `ClipSetParameters`."""

    size: int = option(64, "height and width of the videos in pixels", minimum=MIN_SIZE)
    plain: bool = option(False, "plain backgrounds, which a model learns to copy sooner")

    @property
    def cast(self) -> Cast:
        """Who does what."""
        return Cast(self.clips_per_person, self.identities_per_motion)

    def indices(self) -> Iterator[tuple[str, int]]:
        """The split (`train` or `test`) and index of every clip."""
        yield from (("train", index) for index in range(self.clips))
        first = FIRST_TEST * self.clips_per_person * self.identities_per_motion
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


def write_dataset(output: str, parameters: DatasetParameters, *, progress: bool = False) -> None:
    """Writes videos, their ground truth and the manifest.

    These are `<output>/<split>/<name>.<format>`, `<output>/<split>/<name>.npz` and
    `<output>/puppets.json`, with `train` and `test` for the split. The ground truth is that of
    `data.clip_truth`, with the joints as points, besides `fps` and `action`.

    A clip appears under its name only when it is complete. Called again with the same parameters it
    writes what is missing and leaves the rest alone.

    Args:
        output: folder of the data set, made if needed; one run at a time.
        parameters: what to write.
        progress: whether to show a progress bar on stderr.

    Raises:
        ValueError: if the folder holds a data set of other parameters.
        OSError: if it cannot be written.
    """
    details = {"generator_version": _GENERATOR_VERSION, "joint_names": list(JOINT_NAMES)}
    claim_folder(output, MANIFEST, parameters, details)
    for split, index in tqdm.tqdm(
        list(parameters.indices()), desc="puppets", unit="clip", disable=not progress
    ):
        files = clip_files(output, split, parameters.cast.name(index), parameters.format)
        if files.complete:
            continue
        clip = parameters.make_clip(index)
        write_video(files.video, clip.frames, parameters.fps)
        with atomic_path(files.truth) as partial:
            np.savez_compressed(
                partial,
                points=clip.joints,
                visible=clip.visible,
                packed_masks=np.packbits(clip.masks > 0, axis=-1),
                fps=np.float64(parameters.fps),
                action=np.array(clip.action),
            )
