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
from maskanim_tf.animation.alignment import Alignment, align
from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator, check_abilities
from maskanim_tf.animation.generation import generate_frames, generate_masks
from maskanim_tf.animation.masks import OverlapWarning, nearest_mask
from maskanim_tf.animation.options import FROM_DRIVING, RELATIVE, AnimationOptions
from maskanim_tf.animation.templates import is_template, read_template
from maskanim_tf.animation.views import draw_view, shown_keys
from maskanim_tf.media.footage import SquareFootage, open_footage
from maskanim_tf.media.outputs import check_output, write_output

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
      driving: a clip, or a template; a picture drives a single frame.
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
    pictures = open_squares(source, generator.image_size, options)
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
        tuple({*watched, *shown_keys(options.view)}),
        None if masks is None else islice(masks, first_frame, None),
        find_alignment(generator, picture, driving, first_frame, options),
    )

    def views() -> Iterator[np.ndarray]:
        for frame in generated:
            watch(frame)
            yield draw_view(frame, options.view, options.output_size or generator.image_size)

    bar = tqdm(
        views(),
        Path(output).name,
        driving.count - first_frame,
        disable=not progress,
        unit="frame",
        dynamic_ncols=True,
    )
    audible = options.audio == FROM_DRIVING
    with closing(generated), driving.sound(audible, first_frame) as sound, bar:
        count = write_output(output, bar, driving.timing(first_frame), sound)
    return AnimatedVideo(os.fspath(output), count, driving.fps, source_frame, first_frame)


def open_squares(
    path: str | os.PathLike[str], size: int, options: AnimationOptions
) -> SquareFootage:
    """A picture or clip, cut to squares as the options say."""
    return open_footage(path).squares(size, options.fit, options.auto_crop)


def open_driver(
    path: str | os.PathLike[str], generator: FrameGenerator, options: AnimationOptions
) -> Driver:
    """A template, or a clip cut to squares.

    Raises:
      ValueError: it cannot be read, or the generator cannot take it.
    """
    if is_template(path):
        return read_template(path, generator)
    return open_squares(path, generator.image_size, options)


def find_alignment(
    generator: FrameGenerator,
    source: np.ndarray,
    driving: Driver,
    first_frame: int,
    options: AnimationOptions,
) -> Alignment | None:
    """Where masks move for --motion=relative.

    Args:
      generator: finds masks.
      source: uint8 `[image_size, image_size, 3]`.
      driving: its frame `reference_frame`, or with `find_best_frame` its first one that is shown,
        is taken to stand as the source does.
      first_frame: that frame.
      options: which of them.

    Raises:
      ValueError: the driver has no such frame.
    """
    if options.motion != RELATIVE:
        return None
    number = first_frame if options.find_best_frame else options.reference_frame
    if number >= driving.count:
        raise ValueError(
            f"reference_frame is {number}, but the driver has frames 0 to {driving.count - 1}"
        )
    reference = next(_masks(generator, driving, options.batch_size, number))
    return align(reference, next(generate_masks(generator, [source], options.batch_size)))


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
        return nearest_mask(next(_masks(generator, driving, batch_size)), masks), 0
    return 0, nearest_mask(next(masks), _masks(generator, driving, batch_size))


def _masks(
    generator: FrameGenerator, driving: Driver, batch_size: int, first: int = 0
) -> Iterator[np.ndarray]:
    """The driver's masks from a frame on, its own or found."""
    known = driving.masks()
    if known is not None:
        return islice(known, first, None)
    return generate_masks(generator, islice(driving.frames(), first, None), batch_size)
