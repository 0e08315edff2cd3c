"""`make demo`: the main job on embedded data, in a few minutes on two CPU cores.

First a portrait speaks like somebody else, beside the true frames: people are synthetic, so it is
known what each of them looks like in the other's motion. Then the embedded weights get to know one
more person from a short film. No training has seen any of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation import generate_frames
from maskanim_tf.config import Section, option
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.personalize import Personalized, PersonalizeOptions, personalize
from maskanim_tf.predictor import load_animator
from maskanim_tf.samples import NEWCOMER, PORTRAIT, SPEAKER, TRUTH

_TRUTH = "truth"
SHOWN = (keys.SOURCE, keys.DRIVING, keys.DRIVING_MASK, keys.REFINED_MASK, keys.FRAME, _TRUTH)
# Rows of the picture of intermediates.
_ROWS = 6


@dataclasses.dataclass(frozen=True)
class DemoOptions(Section):
    """Options of the command."""

    output: str = option("out/demo", "folder that the results are written into")
    minutes: float = option(2.0, "how long to learn from one person's film", above=0)


@dataclasses.dataclass(frozen=True)
class SpeakingPortrait:
    """What was written, and how near it is to the true frames.

    Attributes:
      film: path of the film: source, driver, masks, result and truth side by side.
      masks: path of a picture with every intermediate.
      ours: mean absolute error in [0, 1].
      copied: that of the picture itself.
    """

    film: Path
    masks: Path
    ours: float
    copied: float


def main(options: DemoOptions) -> None:
    """Shows both and says where everything is."""
    output = Path(options.output)
    speaking = animate_portrait(output)
    print(f"a portrait that speaks: {speaking.film}", flush=True)
    personal = personalize_newcomer(output, options.minutes)
    print()
    print("a portrait that speaks like somebody else, beside the truth:")
    print(f"  film                {speaking.film}")
    print(f"  every intermediate  {speaking.masks}")
    print(f"  L1 to the truth     {speaking.ours:.4f}, of the picture itself {speaking.copied:.4f}")
    print(f"one more person, learned in {options.minutes:g} minutes ({personal.steps} steps):")
    print(f"  before and after    {personal.picture}")
    print(f"  L1 of unseen frames {personal.before:.4f} before, {personal.after:.4f} after")


def animate_portrait(output: Path) -> SpeakingPortrait:
    """Animates the embedded portrait by the embedded speaker, both with the embedded weights."""
    animator = load_animator()
    size = animator.image_size
    source = open_footage(PORTRAIT).squares(size, "crop", False).frame(0)
    speaker, truth = (open_footage(path).squares(size, "crop", False) for path in (SPEAKER, TRUTH))
    errors: list[tuple[float, float]] = []
    rows: list[dict[str, np.ndarray]] = []

    def panels() -> Iterator[np.ndarray]:
        made = generate_frames(animator.generator, source, speaker.frames())
        for index, (result, true) in enumerate(zip(made, truth.frames())):
            result = {**result, _TRUTH: as_floats(true)}
            ours, copied = (
                float(np.abs(result[key] - result[_TRUTH]).mean())
                for key in (keys.FRAME, keys.SOURCE)
            )
            errors.append((ours, copied))
            if index % max(1, truth.clip.frames // _ROWS) == 0 and len(rows) < _ROWS:
                rows.append(result)
            yield draw_panel({key: result[key][None] for key in SHOWN}, SHOWN, cell=192)

    film, masks = output / "animation.mp4", output / "masks.png"
    write_movie(film, panels(), speaker.clip.fps)
    shown = (*keys.INTERMEDIATES, _TRUTH)
    write_picture(masks, draw_panel({k: np.stack([row[k] for row in rows]) for k in shown}, shown))
    ours, copied = np.mean(errors, axis=0)
    return SpeakingPortrait(film, masks, float(ours), float(copied))


def personalize_newcomer(output: Path, minutes: float) -> Personalized:
    """Lets the embedded weights learn from the film of one more person."""
    weights = output / "newcomer.npz"
    return personalize(
        PersonalizeOptions(video=(str(NEWCOMER),), output=str(weights), minutes=minutes)
    )


if __name__ == "__main__":
    run_command(main, DemoOptions)
