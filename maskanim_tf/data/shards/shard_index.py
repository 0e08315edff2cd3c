"""Where every frame of a prepared split lies: a few arrays, stored as one small `.npz`."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True)
class ShardIndex:
    """The clips of one shard, or of all shards of a split.

    Frame `f` of clip `c` is entry `first[c] + f` of the arrays of frames.

    Attributes:
      names: of the clips.
      fps: float32 `[clips]`, frames per second.
      shard: int32 `[clips]`, number of the shard that holds the clip.
      first: int64 `[clips + 1]`, ascending from 0 to the number of frames.
      offset: int64 `[frames]`, where the encoded image starts in its shard file, in bytes.
      length: uint32 `[frames]`, of the encoded image in bytes.
      checksum: uint32 `[frames]`, `zlib.crc32` of the encoded image.
    """

    names: list[str]
    fps: np.ndarray
    shard: np.ndarray
    first: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    checksum: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[ShardIndex]) -> ShardIndex:
        """One index of several, in their order; none at all give an empty one."""
        counts = [np.diff(part.first) for part in parts]
        return cls(
            names=[name for part in parts for name in part.names],
            fps=_joined([part.fps for part in parts], np.float32),
            shard=_joined([part.shard for part in parts], np.int32),
            first=np.concatenate([[0], np.cumsum(_joined(counts, np.int64))]).astype(np.int64),
            offset=_joined([part.offset for part in parts], np.int64),
            length=_joined([part.length for part in parts], np.uint32),
            checksum=_joined([part.checksum for part in parts], np.uint32),
        )

    def to_bytes(self, about: dict[str, Any] | None = None) -> bytes:
        """The content of an `.npz` file; equal indices give equal bytes.

        Args:
          about: plain values to keep beside the arrays.
        """
        notes = {"version": FORMAT_VERSION, "names": self.names, "about": about or {}}
        arrays = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "names"
        }
        arrays["notes"] = np.frombuffer(json.dumps(notes, sort_keys=True).encode(), np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> tuple[ShardIndex, dict[str, Any]]:
        """The inverse of `to_bytes`; `where` is named in messages.

        Raises:
          ValueError: the content is damaged, or of another version.
        """
        try:
            with np.load(io.BytesIO(content)) as arrays:
                notes = json.loads(arrays["notes"].tobytes())
                fields = {name: arrays[name] for name in arrays.files if name != "notes"}
        except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
            raise ValueError(f"{where} is damaged; prepare the data again") from error
        check_version(notes["version"], where)
        return cls(names=notes["names"], **fields), notes["about"]


def check_version(version: Any, where: str) -> None:
    """Raises ValueError unless this code reads the version of a prepared data set."""
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{where} has format version {version!r}, but this release reads {FORMAT_VERSION}; "
            "prepare the data again, or use the release that made it"
        )


def _joined(arrays: Sequence[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype, copy=False)
