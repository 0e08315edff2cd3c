"""Weights for one subject: `python -m maskanim_tf.personalize --video=me.mp4 --output=me.npz`.

The embedded weights, or others, learn from one or several videos of one subject for some minutes:
a person, a pet, a drawing or a robot. The end of each video is held out. It shows before and after
how well frames are made that were not learned from, and the better weights of the run are kept.
Every command takes the result as --checkpoint.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maskanim_tf import keys
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, DataConfig, Section, option
from maskanim_tf.config.sections import SAME
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.media.fitting import FITS
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.models import Animator, load_animator
from maskanim_tf.models.checkpoint import write_weights
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.training.checkpoints import BEST
from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.run_options import RunOptions
from maskanim_tf.training.validation import Validation

# With fewer frames there is nothing to choose pairs from, or to test on.
_LEAST_FRAMES = 6
# Column titles of the picture.
_BEFORE, _AFTER = "before", "after"


@dataclasses.dataclass(frozen=True)
class PersonalizeOptions(Section):
    """Options of the command."""

    video: tuple[str, ...] = option((), "video of the subject, or several, separated by commas")
    output: str = option("", "weight file to write, ending in .npz")
    checkpoint: str = option("", "weights to start from; the embedded ones without")
    minutes: float = option(10.0, "how long to learn", above=0)
    fit: str = option(
        "crop", "how frames become square: cut at the sides, or filled up with black", choices=FITS
    )
    auto_crop: bool = option(False, "first crop the video around what moves in it")
    frames: int = option(600, "frames of a video that are used at most", minimum=_LEAST_FRAMES)
    held_out: float = option(
        1 / 3, "share at the end of each video that is tested on", above=0, maximum=0.9
    )
    learning_rate: float = option(5e-4, "learning rate of Adam", above=0)
    seed: int = option(0, "seed of every random choice", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output and not self.output.endswith(".npz"):
            raise ValueError(f"output is {self.output!r}, but must end in .npz")


def main(options: PersonalizeOptions) -> None:
    """Personalizes and says what came of it."""
    if not options.video or not options.output:
        raise ValueError("needs --video=VIDEO and --output=FILE.npz")
    result = personalize(options)
    print()
    print(f"L1 of frames that were not learned from: {result.before:.4f} before, ", end="")
    print(
        f"{result.after:.4f} after {result.steps} steps; copying the first frame {result.copy:.4f}"
    )
    if result.after >= result.before:
        print("that is no lower, but L1 favours blurred frames: compare them in the picture below")
    print(f"  weights           {options.output}")
    print(f"  before and after  {result.picture}")
    print(f"use them: python -m maskanim_tf.animate --checkpoint={options.output} --source=...")


@dataclasses.dataclass(frozen=True)
class Personalized:
    """What came of it.

    Attributes:
      before: mean absolute error in [0, 1] of held-out frames with the weights to start from.
      after: with the weights that were written.
      copy: of the first frame of a video in the place of all.
      steps: how many were made.
      picture: path of the picture that shows both.
    """

    before: float
    after: float
    copy: float
    steps: int
    picture: Path


def personalize(options: PersonalizeOptions) -> Personalized:
    """Fine-tunes weights on videos of one subject and writes them.

    Raises:
      ClipError: a video cannot be read.
      ValueError: a video is too short.
      OSError: the weights cannot be written.
    """
    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    animator, trained = load_animator(options.checkpoint)
    # Beside the result, where there is room for it if for anything.
    with tempfile.TemporaryDirectory(prefix=".personalize-", dir=output.parent) as work:
        for number, video in enumerate(options.video):
            _write_clips(Path(work, "clips"), f"{number:03d}", video, options, trained)
        config = _configuration(trained, options, Path(work, "clips"))
        clips = open_clips(config, keys.TEST)
        before = Validation(config, animator.networks, clips).scores(refined=True)
        loop = TrainingLoop(config, _run_options(options, Path(work, "run")))
        # Its paths are soon gone.
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            loop.run()
        best = Path(work, "run", "checkpoints", BEST)
        personal, _ = load_animator(best)
        after = Validation(config, personal.networks, clips).scores(refined=True)
        picture = output.with_suffix(".png")
        write_picture(picture, _before_and_after(animator, personal, clips))
        write_weights(options.output, personal.networks, trained)
    return Personalized(before.l1, after.l1, before.copy_l1, loop.state.step, picture)


def _write_clips(
    folder: Path, name: str, video: str, options: PersonalizeOptions, config: Config
) -> None:
    """The parts of a video to learn from and to test on, as folders of frames."""
    footage = open_footage(video)
    squares = footage.squares(config.model.image_size, options.fit, options.auto_crop)
    step = max(1, -(-squares.clip.frames // options.frames))
    frames = list(itertools.islice(squares.frames(), 0, None, step))
    if len(frames) < _LEAST_FRAMES:
        raise ValueError(
            f"{video} has {len(frames)} frames, but at least {_LEAST_FRAMES} are needed to learn "
            "from some and test on others; give a longer video"
        )
    tested = min(max(2, round(options.held_out * len(frames))), len(frames) - 2)
    for split, part in ((keys.TRAIN, frames[:-tested]), (keys.TEST, frames[-tested:])):
        clip = folder / split / name
        clip.mkdir(parents=True)
        for index, frame in enumerate(part):
            write_picture(clip / f"{index:06d}.png", frame)


def _configuration(trained: Config, options: PersonalizeOptions, folder: Path) -> Config:
    """The configuration that the weights were trained with, for this short training."""
    return trained.replace(
        seed=options.seed,
        # r is part of the weights and learns from the first step on. There is no ground truth.
        loss=trained.loss.replace(refiner_start_epoch=0, mask_prior=0.0, detail_weight=0.0),
        training=trained.training.replace(
            learning_rate=options.learning_rate,
            epochs=1_000_000,
            max_steps=0,
            milestones=(1_000_000,),
            average_decay=0.98,
        ),
        data=DataConfig(data_dir=str(folder), repeats=1000, driver_identity=SAME, progress=False),
    )


def _run_options(options: PersonalizeOptions, run_dir: Path) -> RunOptions:
    return RunOptions(
        run_dir=str(run_dir),
        initial_weights=options.checkpoint or "embedded",
        minutes=options.minutes,
        validate_every=50,
        checkpoint_every=1_000_000,
        keep=1,
        validation_frames=64,
        flat_mask_steps=0,
    )


def _before_and_after(
    before: Animator, after: Animator, clips: ClipSource, rows: int = 6
) -> np.ndarray:
    """Held-out frames as filmed, and as made with both weights, from the first frame of a clip."""
    source, driving = (as_floats(np.stack(each)) for each in zip(*_pairs(clips, rows)))
    made = [animator({keys.SOURCE: source, keys.DRIVING: driving}) for animator in (before, after)]
    columns = {
        keys.SOURCE: source,
        keys.DRIVING: driving,
        _BEFORE: made[0][keys.FRAME].numpy(),
        _AFTER: made[1][keys.FRAME].numpy(),
        keys.DRIVING_MASK: made[1][keys.DRIVING_MASK].numpy(),
        keys.REFINED_MASK: made[1][keys.REFINED_MASK].numpy(),
    }
    return draw_panel(columns, tuple(columns))


def _pairs(clips: ClipSource, rows: int) -> Iterator[np.ndarray]:
    """First and later frames, spread over the clips."""
    for row in range(rows):
        clip = row % len(clips.names)
        frames = int(clips.frame_counts[clip])
        yield clips.read_frames(clip, (0, 1 + row * (frames - 2) // max(1, rows - 1)))


if __name__ == "__main__":
    run_command(main, PersonalizeOptions)
