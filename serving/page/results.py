"""Finished videos: kept for a while under names that cannot be guessed."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path


class Results:
    """The newest videos of a folder.

    Args:
      folder: that they are moved into.
      count: how many are kept.
      seconds: how long.
    """

    def __init__(self, folder: Path, count: int, seconds: float):
        self._folder = folder
        self._count = count
        self._seconds = seconds
        # In the order of their making.
        self._kept: dict[str, Path] = {}

    def add(self, video: Path) -> str:
        """Takes a file over; returns its name. For the thread of the running loop."""
        name = secrets.token_urlsafe(16)
        kept = self._folder / f"{name}{video.suffix}"
        video.rename(kept)
        self._kept[name] = kept
        while len(self._kept) > self._count:
            self._drop(next(iter(self._kept)))
        asyncio.get_running_loop().call_later(self._seconds, self._drop, name)
        return name

    def find(self, name: str) -> Path | None:
        """The file of a name, unless it has gone."""
        return self._kept.get(name)

    def _drop(self, name: str) -> None:
        path = self._kept.pop(name, None)
        if path is not None:
            path.unlink(missing_ok=True)
