"""One source, one driver, one file: the whole way from paths to a written video."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice

import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation.animated_video import AnimatedVideo, note_on, write_film
from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator, check_abilities
from maskanim_tf.animation.generation import generate_frames, generate_masks
from maskanim_tf.animation.masks import OverlapWarning, nearest_mask
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.steering import find_alignment, masks_of, open_driver
from maskanim_tf.animation.views import draw_view, shown_keys
from maskanim_tf.animation.whole_picture import animate_whole
from maskanim_tf.media.footage import SquareFootage, open_footage
from maskanim_tf.media.outputs import check_output

MASKS = (keys.SOURCE_MASK, keys.DRIVING_MASK)


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
      driving: a clip, or a template; a picture drives a single frame.
      output: ends in .mp4, .webm, .gif or .webp; a folder of PNGs otherwise.
      options: how; the defaults without.
      progress: shows a progress bar on stderr.

    Raises:
      ValueError: an input that cannot be read, an output of unknown kind, an option that the
        generator cannot follow.
      OSError: the output cannot be written. Nothing is left under its name on any error.
    """
    options = options or AnimationOptions()
    check_abilities(generator, options)
    if options.subject:
        return animate_whole(generator, source, driving, output, options, progress)
    check_output(output, (source, driving), clear=options.alpha)
    pictures = open_footage(source).squares(generator.image_size, options.fit, options.auto_crop)
    drivers = open_driver(driving, generator, options)
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
    driving: Driver,
    output: str | os.PathLike[str],
    options: AnimationOptions,
    progress: bool,
    watch: Callable[[Mapping[str, np.ndarray]], object],
    watched: Sequence[str],
) -> AnimatedVideo:
    """`animate_video` for material that is open already, and a path that was checked.

    Each frame is shown to `watch`, with at least the keys `watched`, before it is written.
    """
    source_frame, first_frame = 0, 0
    if options.find_best_frame:
        source_frame, first_frame = best_frames(generator, source, driving, options.batch_size)
    picture = source.frame(source_frame)
    masks = driving.masks()
    generated = generate_frames(
        generator,
        picture,
        islice(driving.frames(), first_frame, None),
        options.batch_size,
        options.smooth_masks,
        tuple({*watched, *shown_keys(options.view, options.alpha)}),
        None if masks is None else islice(masks, first_frame, None),
        find_alignment(generator, picture, driving, first_frame, options),
    )

    def views() -> Iterator[np.ndarray]:
        for frame in generated:
            watch(frame)
            size = options.output_size or generator.image_size
            yield draw_view(frame, options.view, size, options.alpha)

    with closing(generated):
        note = note_on(generator)
        count = write_film(output, views(), driving, first_frame, options, progress, note)
    return AnimatedVideo(os.fspath(output), count, driving.fps, source_frame, first_frame)


def best_frames(
    generator: FrameGenerator, source: SquareFootage, driving: Driver, batch_size: int
) -> tuple[int, int]:
    """Which source frame and which first driving frame have the most similar masks.

    The method copies the driver's pose, not its change of pose, so the only use of a good pair is a
    good beginning. A source with several frames is searched for the pose of the driver's first
    frame, and the driver stays whole. A source of one frame has the driver searched instead.
    """
    masks = generate_masks(generator, source.frames(), batch_size)
    if source.count > 1:
        return nearest_mask(next(masks_of(generator, driving, batch_size)), masks), 0
    return 0, nearest_mask(next(masks), masks_of(generator, driving, batch_size))
