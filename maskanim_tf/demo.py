"""`make demo`: the whole system on embedded data, in a few minutes on two CPU cores.

First the embedded weights animate a puppet by the video of another; neither was trained on. Then
they are trained further on videos of a few more puppets, and reconstruct one that was held out.
Started again, the training goes on where it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation import AnimationOptions, animate_video, generate_frames
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.sources import ClipSource, open_clips
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.models import Animator, load_animator
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.puppets import DatasetParameters, make_clip, write_dataset
from maskanim_tf.training.loop import RunOptions, TrainingLoop

SHOWN = (keys.SOURCE, keys.DRIVING, keys.DRIVING_MASK, keys.REFINED_MASK, keys.FRAME)
# Another seed than that of the data which the embedded weights were trained on.
UNSEEN_SEED = 12345
# Number of the first of the two puppets that are animated; those that are trained on come before.
_ANIMATED = 100_000


@dataclasses.dataclass(frozen=True)
class DemoOptions(Section):
    """Options of the command."""

    output: str = option("out/demo", "folder that the results are written into")
    persons: int = option(8, "puppets to train on", minimum=1)
    clips_per_person: int = option(12, "videos of each of them", minimum=2)


def main(config: Config, run: RunOptions, options: DemoOptions) -> None:
    """Animates with the embedded weights, then trains and shows what was learned."""
    output = Path(options.output)
    animation, masks = animate_puppet(output)
    print(f"a puppet moving like another: {animation}")
    print(f"every intermediate of it:     {masks}", flush=True)
    animator, clips = train(config, run, options, output)
    reconstruction, picture = output / "reconstruction.mp4", output / "reconstruction.png"
    write_movie(reconstruction, reconstruct(animator, clips), DatasetParameters.fps)
    write_picture(picture, draw_intermediates(animator, clips))
    print()
    print("with the embedded weights:")
    print(f"  a puppet moving like another, neither trained on:  {animation}")
    print(f"  every intermediate of it, masks among them:        {masks}")
    print("with the weights trained just now:")
    print(f"  unseen clips, made again from their first frame:   {reconstruction}")
    print(f"  every intermediate of them:                        {picture}")


def animate_puppet(output: Path) -> tuple[Path, Path]:
    """Animates one puppet by another with the embedded weights; returns movie and film strip."""
    animator, config = load_animator()
    source, driver = (
        make_clip(
            UNSEEN_SEED, _ANIMATED + index, size=config.model.image_size, frames=50, plain=True
        )
        for index in range(2)
    )
    picture, video = output / "source.png", output / "driving.mp4"
    write_picture(picture, source.frames[0])
    write_movie(video, driver.frames, DatasetParameters.fps)
    movie, strip = output / "animation.mp4", output / "masks.png"
    view = AnimationOptions(view="side_by_side", output_size=192)
    animate_video(AnimatorGenerator(animator), picture, video, movie, view, progress=True)
    chosen = driver.frames[:: len(driver.frames) // 6][:6]
    encoded = animator.encode_source(as_floats(source.frames[:1]))
    result = animator.animate(encoded, as_floats(chosen))
    write_picture(strip, draw_panel({key: value.numpy() for key, value in result.items()}))
    return movie, strip


def train(
    config: Config, run: RunOptions, options: DemoOptions, output: Path
) -> tuple[Animator, ClipSource]:
    """Makes puppet videos and trains on them; returns the model and the clips held out."""
    size, count = config.model.image_size, options.persons * options.clips_per_person
    puppets = DatasetParameters(
        clips=count,
        test_clips=0,
        size=size,
        clips_per_person=options.clips_per_person,
        plain=True,
        format="avi",
        seed=UNSEEN_SEED,
    )
    data_dir, run_dir = folders(output, size, options)
    write_dataset(str(data_dir), puppets, progress=True)
    data = config.data.replace(data_dir=str(data_dir), held_out=options.persons, progress=False)
    config = config.replace(data=data)
    resume = any((run_dir / "checkpoints").glob("step-*.npz"))
    run = run.replace(run_dir=str(run_dir), resume=resume, validate_every=200)
    loop = TrainingLoop(config, run)
    loop.run()
    animator = Animator(config.model, config.perturbation, loop.trainer.results)
    return animator, open_clips(config, keys.TEST)


def folders(output: Path, size: int, options: DemoOptions) -> tuple[Path, Path]:
    """Where data and run of a demo are.

    Named after its parameters, so that another demo neither waits for nor disturbs it, nor goes on
    with a training on other puppets.
    """
    name = f"{size}-{options.persons}-{options.clips_per_person}"
    return output / f"puppets-{name}", output / f"run-{name}"


def reconstruct(animator: Animator, clips: ClipSource, shown: int = 4) -> Iterator[np.ndarray]:
    """Labelled frames of some clips: source, driver, masks and result side by side."""
    generator = AnimatorGenerator(animator)
    for clip in range(min(shown, len(clips.names))):
        source = clips.read_frames(clip, (0,))[0]
        for result in generate_frames(generator, source, clips.iterate_frames(clip), keys=SHOWN):
            yield draw_panel({key: result[key][None] for key in SHOWN}, SHOWN, cell=192)


def draw_intermediates(animator: Animator, clips: ClipSource, rows: int = 6) -> np.ndarray:
    """A film strip of every intermediate, for the middle frame of some clips."""
    chosen = range(min(rows, len(clips.names)))
    pairs = [clips.read_frames(clip, (0, int(clips.frame_counts[clip]) // 2)) for clip in chosen]
    source, driving = (as_floats(np.stack([pair[i] for pair in pairs])) for i in range(2))
    result = animator({keys.SOURCE: source, keys.DRIVING: driving})
    return draw_panel({key: value.numpy() for key, value in result.items()})


if __name__ == "__main__":
    run_command(main, Config, RunOptions, DemoOptions)
