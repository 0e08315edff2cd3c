"""Samples that pages offer to begin with: the people that come with the package."""

from __future__ import annotations

from pathlib import Path

from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import write_picture
from maskanim_tf.samples import CURLS, SPEAKER, TRUTH

# The film of each, what its first frame shows and what happens in it.
SAMPLES = {
    "jumper": (TRUTH, "Violet jumper", "Talking"),
    "glasses": (SPEAKER, "Glasses", "Talking too"),
    "curls": (CURLS, "Curls", "Looking about"),
}
# What is chosen first.
PICTURE, VIDEO = "jumper", "glasses"


def describe_samples() -> dict[str, list[dict[str, str | bool]]]:
    """What pages show of them, for JSON."""
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


def write_sample(name: str, path: Path) -> None:
    """Writes a sample as browsers show it: as `path` ends, its first frame or its film."""
    footage = open_footage(SAMPLES[name][0])
    if path.suffix == ".png":
        write_picture(path, next(footage.frames()))
    else:
        # The films of the package are in MPEG-4 Part 2, which browsers do not play.
        write_movie(path, footage.frames(), footage.clip.fps)
