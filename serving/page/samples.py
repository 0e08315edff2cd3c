"""Samples to begin with: the people that come with the package."""

from __future__ import annotations

import threading
from pathlib import Path

from export.browser.catalogue import SAMPLES, write_first_frame


class Samples:
    """Sample files; pictures are made when they are first wanted. For several threads.

    Args:
      folder: that pictures are written into.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._one_maker = threading.Lock()

    def path(self, name: str, ending: str) -> Path:
        """A sample as a file.

        Args:
          name: one of `SAMPLES`.
          ending: `.png` for its picture, `.mp4` for its video.
        """
        film = SAMPLES[name][0]
        picture = self._folder / f"sample-{name}.png"
        with self._one_maker:
            if ending == picture.suffix and not picture.exists():
                write_first_frame(film, picture)
        return picture if ending == picture.suffix else film
