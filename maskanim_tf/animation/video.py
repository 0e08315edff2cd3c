"""One source, one driver, one file: the whole way from paths to a written video."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.animation.frame_generator import FrameGenerator, check_abilities
from maskanim_tf.animation.generation import generate_frames, generate_masks
from maskanim_tf.animation.masks import OverlapWarning, nearest_mask
from maskanim_tf.animation.options import FROM_DRIVING, AnimationOptions
from maskanim_tf.animation.views import draw_view, shown_keys
from maskanim_tf.media.clips import clip_time, clip_timing
from maskanim_tf.media.footage import SquareFootage, open_footage
from maskanim_tf.media.outputs import check_output, write_output
from maskanim_tf.media.sound import open_sound

MASKS = (keys.SOURCE_MASK, keys.DRIVING_MASK)


@dataclasses.dataclass(frozen=True)
class AnimatedVideo:
    """What was written.

    Attributes:
      path: the file, or the folder of PNGs.
      frames: how many.
      fps: frames per second, those of the driver; their mean where they vary, as its times do.
      source_frame: which frame of the source was animated, from 0.
      first_frame: which frame of the driver comes first, from 0.
    """

    path: str
    frames: int
    fps: float
    source_frame: int
    first_frame: int


def animate_video(
    generator: FrameGenerator,
    source: str | os.PathLike[str],
    driving: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: AnimationOptions | None = None,
    progress: bool = False,
) -> AnimatedVideo:
    """Animates a picture, or a frame of a video, by a video and writes the result.

    Frames stream from the driver into the output: memory does not depend on their number.

    Args:
      generator: what animates; `AnimatorGenerator` for the networks themselves.
      source: a picture or a clip.
      driving: a clip; a picture drives a single frame.
      output: ends in .mp4, .gif or .webp; a folder of PNGs otherwise.
      options: how; the defaults without.
      progress: shows a progress bar on stderr.

    Raises:
      ValueError: an input that cannot be read, an output of unknown kind, an option that the
        generator cannot follow.
      OSError: the output cannot be written. Nothing is left under its name on any error.
    """
    options = options or AnimationOptions()
    check_output(output, (source, driving))
    check_abilities(generator, options)
    footages = [open_footage(path) for path in (source, driving)]
    size = generator.image_size
    pictures, drivers = (f.squares(size, options.fit, options.auto_crop) for f in footages)
    warning = OverlapWarning(f"{source}, {driving}")
    watched = MASKS if set(MASKS) <= set(generator.outputs) else ()

    def watch(frame: Mapping[str, np.ndarray]) -> None:
        if watched:
            warning.look(*(frame[key] for key in watched))

    done = animate_footage(generator, pictures, drivers, output, options, progress, watch, watched)
    warning.finish()
    return done


def animate_footage(
    generator: FrameGenerator,
    source: SquareFootage,
    driving: SquareFootage,
    output: str | os.PathLike[str],
    options: AnimationOptions,
    progress: bool,
    watch: Callable[[Mapping[str, np.ndarray]], object],
    watched: Sequence[str],
) -> AnimatedVideo:
    """`animate_video` for footage that is cut already, and a path that was checked.

    Each frame is shown to `watch`, with at least the keys `watched`, before it is written.
    """
    source_frame, first_frame = 0, 0
    if options.find_best_frame:
        source_frame, first_frame = best_frames(generator, source, driving, options.batch_size)
    generated = generate_frames(
        generator,
        source.frame(source_frame),
        islice(driving.frames(), first_frame, None),
        options.batch_size,
        options.smooth_masks,
        tuple({*watched, *shown_keys(options.view)}),
    )
    clip = driving.clip

    def views() -> Iterator[np.ndarray]:
        for frame in generated:
            watch(frame)
            yield draw_view(frame, options.view, options.output_size or generator.image_size)

    bar = tqdm(
        views(),
        Path(output).name,
        clip.frames - first_frame,
        disable=not progress,
        unit="frame",
        dynamic_ncols=True,
    )
    start = clip_time(clip, first_frame)
    with closing(generated), open_sound(clip, options.audio == FROM_DRIVING, start) as sound, bar:
        count = write_output(output, bar, clip_timing(clip, first_frame), sound)
    return AnimatedVideo(os.fspath(output), count, clip.fps, source_frame, first_frame)


def best_frames(
    generator: FrameGenerator, source: SquareFootage, driving: SquareFootage, batch_size: int
) -> tuple[int, int]:
    """Which source frame and which first driving frame have the most similar masks.

    The method copies the driver's pose, not its change of pose, so the only use of a good pair is a
    good beginning. A source with several frames is searched for the pose of the driver's first
    frame, and the driver stays whole. A source of one frame has the driver searched instead.
    """

    def masks(footage: SquareFootage) -> Iterator[np.ndarray]:
        return generate_masks(generator, footage.frames(), batch_size)

    if source.clip.frames > 1:
        return nearest_mask(next(masks(driving)), masks(source)), 0
    return 0, nearest_mask(next(masks(source)), masks(driving))
