"""What every command that animates does with its options, wherever the frames are made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.options import AnimationOptions, FootageOptions
from maskanim_tf.animation.pairs import Pair, animate_pairs, combine, holds_many, listed_pairs
from maskanim_tf.animation.video import AnimatedVideo, animate_video
from maskanim_tf.media.outputs import check_output


def run_job(
    open_generator: Callable[[], FrameGenerator],
    footage: FootageOptions,
    options: AnimationOptions,
) -> None:
    """Animates one pair or many, and prints what was written.

    Args:
      open_generator: makes what animates, which may take long; it is closed in the end.
      footage: what is animated.
      options: how.

    Raises:
      ValueError: an option is missing, an input cannot be read, or the generator cannot do what is
        asked for.
      OSError: the output cannot be written.
      RuntimeError: some of many pairs could not be animated.
    """
    if footage.pairs and (footage.source or footage.driving):
        raise ValueError("--pairs comes with its own sources and drivers; leave out the others")
    if not footage.pairs and not (footage.source and footage.driving):
        raise ValueError("give --source=PICTURE and --driving=VIDEO, or --pairs=TABLE.csv")
    if not footage.output:
        raise ValueError("give --output, a file ending in .mp4, .webm, .gif or .webp, or a folder")
    inputs = footage.source, footage.driving
    pairs: list[Pair] | None = None
    if footage.pairs:
        pairs = listed_pairs(footage.pairs, footage.output)
    elif holds_many(*inputs):
        pairs = combine(*inputs, footage.output)
    else:
        check_output(footage.output, inputs)
    with closing(open_generator()) as generator:
        if pairs is None:
            done = animate_video(generator, *inputs, footage.output, options, progress=True)
            print(f"{done.path}: {done.frames} frames at {done.fps:g} per second{_found(done)}")
            return
        report = animate_pairs(generator, pairs, options, progress=True)
    print(f"{footage.output}: {report.written} written, {report.skipped} were there already")
    if report.failed:
        raise RuntimeError(f"{report.failed} of {len(pairs)} pairs could not be animated")


def _found(done: AnimatedVideo) -> str:
    """What --find_best_frame decided."""
    if done.source_frame:
        return f", from frame {done.source_frame} of the source"
    return f", from frame {done.first_frame} of the driver on" if done.first_frame else ""
