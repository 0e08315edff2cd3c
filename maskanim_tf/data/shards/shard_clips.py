"""Prepared data sets: folders of TFRecord shards, read at random, frame by frame.

    <location>/manifest.json                            version, counts, settings, checksums
    <location>/<split>/index.npz                        where every frame lies (`ShardIndex`)
    <location>/<split>/shard-00000-of-00016.tfrecord    the frames
    <location>/<split>/shard-00000-of-00016.npz         its part of the index; for restarts only

`python -m maskanim_tf.data.prepare` writes them. Two frames of a clip are two reads of their
encoded bytes, however long the clip is.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from maskanim_tf.data.shards.shard_index import ShardIndex, check_version
from maskanim_tf.media.frame_bytes import decode_picture
from maskanim_tf.storage.locations import exists, join, read_file, read_range
from maskanim_tf.storage.remote import scheme_of

MANIFEST = "manifest.json"
INDEX = "index.npz"
AGAIN = "run python -m maskanim_tf.data.prepare again"


def is_prepared(location: str | os.PathLike[str]) -> bool:
    """Whether a location is a prepared data set; an address can be nothing else."""
    return bool(scheme_of(location)) or exists(join(location, MANIFEST))


def read_manifest(location: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest of a prepared data set.

    Raises:
      FileNotFoundError: there is none.
      ValueError: it is damaged or of another version.
      OSError: the location cannot be read.
    """
    path = join(location, MANIFEST)
    try:
        content = read_file(path)
    except FileNotFoundError as error:
        # For an address it may as well be the bucket that is missing.
        detail = f" ({error})" if scheme_of(location) else ""
        raise FileNotFoundError(
            f"no {MANIFEST} in {location}{detail}: it holds no prepared data, or was interrupted; "
            f"{AGAIN}"
        ) from error
    try:
        manifest = json.loads(content)
        version = manifest["version"]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged; {AGAIN}") from error
    check_version(version, path)
    return manifest


class ShardClips:
    """The clips of one split of a prepared data set; may be read from many threads.

    Memory holds the names and 16 bytes per frame, no frames; no file stays open.

    Args:
      location: folder or address of the prepared data.
      split: "train" or "test".

    Attributes:
      names: of the clips, in the order of their numbers.
      frame_counts: int64 `[clips]`.
      fps: float32 `[clips]`, frames per second.
      image_size: side of the square frames in pixels.

    Raises:
      FileNotFoundError: the manifest, the index or a shard is missing.
      ValueError: no such split, another version, or a damaged file.
      OSError: the location cannot be read.
    """

    def __init__(self, location: str | os.PathLike[str], split: str = "train") -> None:
        manifest = read_manifest(location)
        if split not in manifest["splits"]:
            raise ValueError(
                f"{location} has no split {split!r}; it has {', '.join(manifest['splits'])}"
            )
        summary = manifest["splits"][split]
        self._folder = join(location, split)
        self._shards = [join(self._folder, shard["file"]) for shard in summary["shards"]]
        self._index = _read_index(join(self._folder, INDEX), summary["index_sha256"])
        if not scheme_of(self._folder):
            self._check_sizes([shard["bytes"] for shard in summary["shards"]])
        self.names = self._index.names
        self.frame_counts = np.diff(self._index.first)
        self.fps = self._index.fps
        self.image_size = int(manifest["image_size"])

    def __len__(self) -> int:
        return len(self.names)

    def read_encoded(self, clip: int, frame: int) -> bytes:
        """The JPEG or PNG of a frame.

        Raises:
          IndexError: there is no such clip or frame.
          ValueError: the bytes are not those that were written.
          OSError: the shard cannot be read.
        """
        if not 0 <= clip < len(self.names):
            raise IndexError(f"clip {clip} asked for; there are {len(self.names)} clips")
        if not 0 <= frame < self.frame_counts[clip]:
            raise IndexError(
                f"frame {frame} of {self.names[clip]} asked for; it has {self.frame_counts[clip]}"
            )
        entry = self._index.first[clip] + frame
        shard = self._shards[self._index.shard[clip]]
        offset, length = int(self._index.offset[entry]), int(self._index.length[entry])
        encoded = read_range(shard, offset, length)
        if len(encoded) != length or zlib.crc32(encoded) != self._index.checksum[entry]:
            raise ValueError(
                f"{shard} is damaged at frame {frame} of clip {self.names[clip]}: its checksum is "
                f"wrong; copy this file again, or delete it and {AGAIN}"
            )
        return encoded

    def read_frames(self, clip: int, frames: Sequence[int]) -> np.ndarray:
        """Frames of a clip in the order asked for; a frame may repeat.

        Returns:
          uint8 `[len(frames), image_size, image_size, 3]`, RGB.

        Raises:
          IndexError, ValueError, OSError: as `read_encoded`.
        """
        images = np.empty((len(frames), self.image_size, self.image_size, 3), np.uint8)
        for image, frame in zip(images, frames):
            decoded = decode_picture(self.read_encoded(clip, int(frame)))
            if decoded is None or decoded.shape != image.shape:
                raise ValueError(f"frame {frame} of clip {self.names[clip]} is no such image")
            image[:] = decoded
        return images

    def iterate_frames(self, clip: int) -> Iterator[np.ndarray]:
        """All frames of a clip in order, each uint8 `[image_size, image_size, 3]`, RGB."""
        return (self.read_frames(clip, (frame,))[0] for frame in range(self.frame_counts[clip]))

    def read_truth(self, clip: int) -> None:
        """None: what is known about clips is not prepared."""

    def _check_sizes(self, sizes: Sequence[int]) -> None:
        for shard, size in zip(self._shards, sizes):
            if not os.path.isfile(shard):
                raise FileNotFoundError(f"{shard} is missing; copy it again, or {AGAIN}")
            if os.path.getsize(shard) != size:
                raise ValueError(
                    f"{shard} has {os.path.getsize(shard)} bytes instead of {size}: it is cut "
                    f"short or was changed; copy it again, or delete it and {AGAIN}"
                )


def _read_index(path: str, sha256: str) -> ShardIndex:
    try:
        content = read_file(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path} is missing; copy it again, or {AGAIN}") from error
    index, _ = ShardIndex.from_bytes(content, path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path} is not the index that {MANIFEST} belongs to; {AGAIN}")
    return index
