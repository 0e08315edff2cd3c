"""`make demo`: the whole system on embedded data, in a few minutes on two CPU cores.

It makes puppet videos, trains a small model on them, and lets it reconstruct clips of puppets that
it has never seen. Started again, it goes on where it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.movies import write_movie
from maskanim_tf.data.panels import draw_panel, write_picture
from maskanim_tf.data.puppets import DatasetParameters, write_dataset
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.models import Animator
from maskanim_tf.ops.color import as_floats
from maskanim_tf.training.loop import RunOptions, TrainingLoop

SHOWN = (names.SOURCE, names.DRIVING, names.DRIVING_MASK, names.REFINED_MASK, names.FRAME)


@dataclasses.dataclass(frozen=True)
class DemoOptions(Section):
    """Options of the command."""

    output: str = option("out/demo", "folder that the results are written into")
    clips: int = option(96, "puppet videos to train on", minimum=1)
    test_clips: int = option(8, "puppet videos to show the result on", minimum=1)


def main(config: Config, options: DemoOptions) -> None:
    """Makes data, trains, and shows what was learned."""
    output = Path(options.output)
    size = config.model.image_size
    puppets = DatasetParameters(
        clips=options.clips, test_clips=options.test_clips, size=size, format="avi"
    )
    # Named after its parameters, so that another demo neither waits for nor disturbs it.
    data_dir = output / f"puppets-{size}-{options.clips}-{options.test_clips}"
    write_dataset(str(data_dir), puppets, progress=True)
    config = config.replace(data=config.data.replace(data_dir=str(data_dir), progress=False))
    run_dir = output / "run"
    resume = any((run_dir / "checkpoints").glob("step-*.npz"))
    loop = TrainingLoop(config, RunOptions(run_dir=str(run_dir), resume=resume, validate_every=200))
    loop.run()
    animator = Animator(config.model, config.perturbation, loop.trainer.results)
    clips = open_clips(config, names.TEST)
    movie, picture = output / "reconstruction.mp4", output / "masks.png"
    write_movie(movie, reconstruct(animator, clips), puppets.fps)
    write_picture(picture, draw_masks(animator, clips))
    print(f"unseen puppets, reconstructed from their first frame: {movie}")
    print(f"every intermediate, masks among them:                 {picture}")


def reconstruct(animator: Animator, clips: ClipSource, shown: int = 4) -> Iterator[np.ndarray]:
    """Labelled frames of some clips: source, driver, masks and result side by side."""
    animate = tf.function(animator.animate)
    for clip in range(min(shown, len(clips.names))):
        frames = list(clips.iterate_frames(clip))
        encoded = animator.encode_source(as_floats(frames[:1]))
        for frame in frames:
            result = animate(encoded, as_floats([frame]))
            yield draw_panel({key: result[key].numpy() for key in SHOWN}, SHOWN, cell=192)


def draw_masks(animator: Animator, clips: ClipSource, rows: int = 6) -> np.ndarray:
    """A film strip of every intermediate, for the middle frame of some clips."""
    chosen = range(min(rows, len(clips.names)))
    pairs = [clips.read_frames(clip, (0, int(clips.frame_counts[clip]) // 2)) for clip in chosen]
    source, driving = (as_floats([pair[i] for pair in pairs]) for i in range(2))
    result = animator({names.SOURCE: source, names.DRIVING: driving})
    return draw_panel({key: value.numpy() for key, value in result.items()})


if __name__ == "__main__":
    run_command(main, Config, DemoOptions)
