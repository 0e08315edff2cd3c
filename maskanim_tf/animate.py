"""`python -m maskanim_tf.animate --source=PICTURE --driving=VIDEO --output=result.mp4`."""

from __future__ import annotations

import dataclasses

from maskanim_tf.commands import assume_frozen_weights, run_command, say

# Before TensorFlow, as it says there.
# isort: split
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.pairs import animate_pairs, combine, holds_many, listed_pairs
from maskanim_tf.animation.video import AnimatedVideo, animate_video
from maskanim_tf.config import Section, option
from maskanim_tf.inference import PRECISIONS, resolve_precision, rewrite
from maskanim_tf.models import ABLATIONS, load_animator


@dataclasses.dataclass(frozen=True)
class AnimateOptions(Section):
    """Options of the command, besides those of `AnimationOptions`."""

    source: str = option("", "picture, or video, to animate; a folder: each one in it")
    driving: str = option("", "video that it shall move like; a folder of videos: each one in it")
    pairs: str = option("", "CSV with the columns source,driving[,output] instead of both")
    output: str = option(
        "", "file ending in .mp4, .gif or .webp, or a folder for PNGs; of many pairs: their folder"
    )
    checkpoint: str = option("", "weight file of a run; the embedded one without")
    ablation: str = option("none", "what to leave out of the pipeline", choices=ABLATIONS)
    precision: str = option(
        "auto", "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )


def main(options: AnimateOptions, animation: AnimationOptions) -> None:
    """Animates one pair or many."""
    if options.pairs and (options.source or options.driving):
        raise ValueError("--pairs comes with its own sources and drivers; leave out the others")
    if not options.pairs and not (options.source and options.driving):
        raise ValueError("give --source=PICTURE and --driving=VIDEO, or --pairs=TABLE.csv")
    if not options.output:
        raise ValueError("give --output, a file ending in .mp4, .gif or .webp, or a folder")
    trained, _ = load_animator(options.checkpoint, options.ablation)
    # As constants, weights would take many times their memory.
    precision = resolve_precision(options.precision, say)
    animator = rewrite(trained, shared=True, precision=precision)
    if not options.pairs and not holds_many(options.source, options.driving):
        done = animate_video(
            animator, options.source, options.driving, options.output, animation, progress=True
        )
        print(f"{done.path}: {done.frames} frames at {done.fps:g} per second{_found(done)}")
        return
    if options.pairs:
        pairs = listed_pairs(options.pairs, options.output)
    else:
        pairs = combine(options.source, options.driving, options.output)
    report = animate_pairs(animator, pairs, animation, progress=True)
    print(f"{options.output}: {report.written} written, {report.skipped} were there already")
    if report.failed:
        raise RuntimeError(f"{report.failed} of {len(pairs)} pairs could not be animated")


def _found(done: AnimatedVideo) -> str:
    """What --find_best_frame decided."""
    if done.source_frame:
        return f", from frame {done.source_frame} of the source"
    return f", from frame {done.first_frame} of the driver on" if done.first_frame else ""


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, AnimateOptions, AnimationOptions)
