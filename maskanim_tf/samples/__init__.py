"""Pictures and films that come with the package: synthetic people whom no training has seen.

Drawn by `python -m maskanim_tf.people`; `README.md` beside this file has the command.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
# A picture of one person, and a film of another one who speaks, both of 256x256 pixels.
PORTRAIT = _FOLDER / "portrait.png"
SPEAKER = _FOLDER / "speaker.mp4"
# What the person of the picture looks like while doing what the speaker does.
TRUTH = _FOLDER / "truth.mp4"
# A third person.
CURLS = _FOLDER / "curls.mp4"
# A fourth, in a longer film, to learn from.
NEWCOMER = _FOLDER / "newcomer.mp4"
