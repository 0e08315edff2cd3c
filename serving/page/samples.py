"""Samples to begin with: puppets, which the embedded weights know but were not trained on."""

from __future__ import annotations

import threading
from pathlib import Path

from maskanim_tf.data.clip import DEFAULT_FPS
from maskanim_tf.data.movies import write_movie
from maskanim_tf.data.panels import write_picture
from maskanim_tf.data.puppets import make_clip

# Another seed than that of the embedded weights.
SEED = 12345
FRAMES = 50
# Larger ones take long to paint and show no more.
LEAST_SIZE, MOST_SIZE = 32, 256
# Number of each puppet, what it looks like and what it does.
PUPPETS = {
    "stripes": (100_007, "Striped jumper", "Raising an arm"),
    "checks": (100_003, "Checked shirt", "Waving"),
    "skirt": (100_011, "Brown skirt", "Saluting"),
    "tall": (100_005, "White suit", "Stepping aside"),
}
# What is chosen first.
PICTURE, VIDEO = "stripes", "skirt"


class Samples:
    """Sample files, made when they are first wanted; for several threads.

    Args:
      folder: that they are written into.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._one_maker = threading.Lock()

    def make(self, image_size: int) -> dict[str, Path]:
        """Paths of the samples for a model by file name: `NAME.png` and `NAME.mp4` per puppet.

        Args:
          image_size: side of the model's frames in pixels.
        """
        size = min(max(image_size, LEAST_SIZE), MOST_SIZE)
        folder = self._folder / f"samples-{size}"
        paths = {
            f"{name}{suffix}": folder / f"{name}{suffix}"
            for name in PUPPETS
            for suffix in (".png", ".mp4")
        }
        with self._one_maker:
            for name, (number, _, _) in PUPPETS.items():
                picture, video = paths[f"{name}.png"], paths[f"{name}.mp4"]
                if not video.exists():
                    clip = make_clip(SEED, number, size=size, frames=FRAMES, plain=True)
                    write_picture(picture, clip.frames[0])
                    write_movie(video, clip.frames, DEFAULT_FPS)
        return paths

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
