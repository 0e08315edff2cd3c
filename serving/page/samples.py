"""Samples to begin with: puppets, which the embedded weights know but were not trained on."""

from __future__ import annotations

import threading
from pathlib import Path

from maskanim_tf.media.clip import DEFAULT_FPS
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import write_picture
from maskanim_tf.puppets import make_clip

# Another seed than that of the embedded weights.
SEED = 12345
FRAMES = 50
# Larger ones take long to paint and show no more.
LEAST_SIZE, MOST_SIZE = 32, 256
# Number of each puppet, what it looks like and what it does.
PUPPETS = {
    "dungarees": (100_033, "Dungarees", "Stepping aside"),
    "hat": (100_029, "Hat and waistcoat", "Squatting"),
    "stripes": (100_007, "Striped jumper", "Raising an arm"),
    "checks": (100_003, "Checked shirt", "Waving"),
}
# What is chosen first.
PICTURE, VIDEO = "dungarees", "hat"


class Samples:
    """Sample files, made when they are first wanted; for several threads.

    Args:
      folder: that they are written into.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._one_maker = threading.Lock()

    def path(self, name: str, ending: str, image_size: int) -> Path:
        """A sample as a file.

        Args:
          name: one of `PUPPETS`.
          ending: `.png` for its picture, `.mp4` for its video.
          image_size: side of the model's frames in pixels.
        """
        size = min(max(image_size, LEAST_SIZE), MOST_SIZE)
        picture, video = (
            self._folder / f"samples-{size}" / f"{name}{suffix}" for suffix in (".png", ".mp4")
        )
        with self._one_maker:
            if not video.exists():
                clip = make_clip(SEED, PUPPETS[name][0], size=size, frames=FRAMES, plain=True)
                write_picture(picture, clip.frames[0])
                write_movie(video, clip.frames, DEFAULT_FPS)
        return picture if ending == picture.suffix else video

    @staticmethod
    def describe() -> dict[str, list[dict[str, str | bool]]]:
        """What the page shows of them."""
        return {
            "pictures": [
                {"name": name, "title": looks, "first": name == PICTURE}
                for name, (_, looks, _) in PUPPETS.items()
            ],
            "videos": [
                {"name": name, "title": does, "first": name == VIDEO}
                for name, (_, _, does) in PUPPETS.items()
            ],
        }
