"""Samples to begin with: the people that come with the package."""

from __future__ import annotations

import threading
from pathlib import Path

from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.panels import write_picture
from maskanim_tf.samples import NEWCOMER, SPEAKER, TRUTH

# The film of each, what its first frame shows and what happens in it.
SAMPLES = {
    "jumper": (TRUTH, "Violet jumper", "Talking"),
    "glasses": (SPEAKER, "Glasses", "Talking too"),
    "curls": (NEWCOMER, "Curls", "Looking about"),
}
# What is chosen first.
PICTURE, VIDEO = "jumper", "glasses"


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
                write_picture(picture, next(open_footage(film).frames()))
        return picture if ending == picture.suffix else film

    @staticmethod
    def describe() -> dict[str, list[dict[str, str | bool]]]:
        """What the page shows of them."""
        return {
            "pictures": [
                {"name": name, "title": looks, "first": name == PICTURE}
                for name, (_, looks, _) in SAMPLES.items()
            ],
            "videos": [
                {"name": name, "title": does, "first": name == VIDEO}
                for name, (_, _, does) in SAMPLES.items()
            ],
        }
