"""Where frames come from: a folder of clips, or prepared shards, behind one small interface."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from maskanim_tf.config import Config, DataConfig
from maskanim_tf.data.clip_truth import ClipTruth, read_clip_truth
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.sampling import hold_out
from maskanim_tf.data.shards.shard_clips import ShardClips, is_prepared, read_manifest
from maskanim_tf.keys import SPLITS, TEST, TRAIN
from maskanim_tf.media.clips import Clip, iterate_frames, read_frames
from maskanim_tf.media.fitting import fit_square


class ClipSource(Protocol):
    """Clips whose frames are square and of one size; safe to read from many threads."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the clips, sorted."""

    @property
    def frame_counts(self) -> np.ndarray:
        """Number of frames of each clip, int64 `[clips]`."""

    def read_frames(self, clip: int, frames: Sequence[int]) -> np.ndarray:
        """Some frames of a clip, uint8 `[len(frames), size, size, 3]`, RGB.

        Raises:
          ValueError: the clip is damaged; the message names it.
        """

    def iterate_frames(self, clip: int) -> Iterator[np.ndarray]:
        """All frames of a clip in order, uint8 `[size, size, 3]`, RGB, one at a time."""

    def read_truth(self, clip: int) -> ClipTruth | None:
        """The ground truth of a clip, in the pixels of its frames; None where there is none."""


class RawClips:
    """The `ClipSource` of clips as they are found, cropped to their centre square when read.

    Args:
      clips: what `find_clips` found.
      image_size: side of the frames in pixels.
    """

    def __init__(self, clips: Sequence[Clip], image_size: int):
        self._clips = list(clips)
        self._image_size = image_size
        self.names = [clip.name for clip in clips]
        self.frame_counts = np.array([clip.frames for clip in clips], np.int64)

    def read_frames(self, clip: int, frames: Sequence[int]) -> np.ndarray:
        decoded = read_frames(self._clips[clip], frames)
        return np.stack([fit_square(frame, self._image_size) for frame in decoded])

    def iterate_frames(self, clip: int) -> Iterator[np.ndarray]:
        for frame in iterate_frames(self._clips[clip]):
            yield fit_square(frame, self._image_size)

    def read_truth(self, clip: int) -> ClipTruth | None:
        truth = read_clip_truth(self._clips[clip])
        return truth and truth.fitted(self._image_size)


class Subset:
    """The `ClipSource` of some clips of another one."""

    def __init__(self, source: ClipSource, indices: Sequence[int]):
        self._source = source
        self._indices = list(indices)
        self.names = [source.names[index] for index in indices]
        self.frame_counts = np.asarray(source.frame_counts)[self._indices]

    def read_frames(self, clip: int, frames: Sequence[int]) -> np.ndarray:
        return self._source.read_frames(self._indices[clip], frames)

    def iterate_frames(self, clip: int) -> Iterator[np.ndarray]:
        return self._source.iterate_frames(self._indices[clip])

    def read_truth(self, clip: int) -> ClipTruth | None:
        return self._source.read_truth(self._indices[clip])


def open_clips(config: Config, split: str) -> ClipSource:
    """The clips of a split of the configured data.

    `data_dir` is a prepared data set (local or an address), or a folder of clips. Without a test
    split (a folder `test/`) a seeded choice of `held_out` clips is the test split.

    Raises:
      FileNotFoundError: `data_dir` does not exist.
      ValueError: unknown split, no clips, shards of another image size.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}, but must be one of {', '.join(SPLITS)}")
    location = config.data.data_dir
    if not location:
        raise ValueError("data_dir is empty; give the folder of your videos with --data_dir=DIR")
    whole: ClipSource
    if is_prepared(location):
        whole, has_test = _open_shards(location, split, config)
    else:
        found, has_test = folder_clips(location, split, config.data)
        whole = RawClips(found, config.model.image_size)
    if has_test:
        return whole
    train, test = hold_out(whole.names, config.data.held_out, config.seed)
    if split == TEST and not test:
        raise ValueError(
            f"{location} has no test clips: put some into a folder test/, or keep some back with "
            "--held_out=COUNT"
        )
    return Subset(whole, train if split == TRAIN else test)


def _open_shards(location: str, split: str, config: Config) -> tuple[ClipSource, bool]:
    """The clips of a split, or all where there is no test split, and whether there is one."""
    has_test = TEST in read_manifest(location)["splits"]
    clips = ShardClips(location, split if has_test else TRAIN)
    if clips.image_size != config.model.image_size:
        raise ValueError(
            f"{location} was prepared for image_size {clips.image_size}, but the model takes "
            f"{config.model.image_size}; prepare it again with "
            f"--image_size={config.model.image_size}"
        )
    return clips, has_test


def folder_clips(location: str, split: str, data: DataConfig) -> tuple[list[Clip], bool]:
    """The clips of a split of a folder, or all where there is no test split, and whether there is.

    Those of its folder `train/` are all, where there is one. Clips of one frame are left out.

    Raises:
      FileNotFoundError: there is no such folder.
      ValueError: it holds no clips.
    """
    if not os.path.isdir(location):
        raise FileNotFoundError(
            f"data_dir {location} is no folder; give the folder of your videos with --data_dir=DIR"
        )
    has_test = os.path.isdir(os.path.join(location, TEST))
    folder = os.path.join(location, split if has_test else TRAIN)
    clips = find_clips(
        folder if os.path.isdir(folder) else location,
        strict=data.strict,
        minimum_frames=2,
        progress=data.progress,
        strips=data.picture_strips,
    )
    return clips, has_test
