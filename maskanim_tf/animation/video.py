"""One source, one driver, one file: the whole way from paths to a written video."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.animation.generation import generate_frames, generate_masks
from maskanim_tf.animation.masks import OverlapWarning, nearest_mask
from maskanim_tf.animation.options import FROM_DRIVING, AnimationOptions
from maskanim_tf.animation.views import draw_view, shown_keys
from maskanim_tf.inference import AnyAnimator
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
    animator: AnyAnimator,
    source: str | os.PathLike[str],
    driving: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: AnimationOptions | None = None,
    progress: bool = False,
) -> AnimatedVideo:
    """Animates a picture, or a frame of a video, by a video and writes the result.

    Frames stream from the driver into the output: memory does not depend on their number.

    Args:
      animator: of `load_animator`, best rewritten: `rewrite` makes it faster.
      source: a picture or a clip.
      driving: a clip; a picture drives a single frame.
      output: ends in .mp4, .gif or .webp; a folder of PNGs otherwise.
      options: how; the defaults without.
      progress: shows a progress bar on stderr.

    Raises:
      ValueError: an input that cannot be read, an output of unknown kind.
      OSError: the output cannot be written. Nothing is left under its name on any error.
    """
    options = options or AnimationOptions()
    check_output(output, (source, driving))
    size = animator.model.image_size
    pictures, drivers = (
        open_footage(path).squares(size, options.fit, options.auto_crop)
        for path in (source, driving)
    )
    source_frame, first_frame = 0, 0
    if options.find_best_frame:
        source_frame, first_frame = best_frames(animator, pictures, drivers, options.batch_size)
    clip = drivers.clip
    generated = generate_frames(
        animator,
        pictures.frame(source_frame),
        islice(drivers.frames(), first_frame, None),
        options.batch_size,
        options.smooth_masks,
        tuple({*MASKS, *shown_keys(options.view)}),
    )
    views = _views(generated, options, size, OverlapWarning(f"{source}, {driving}"))
    bar = tqdm(
        views,
        Path(output).name,
        clip.frames - first_frame,
        disable=not progress,
        unit="frame",
        dynamic_ncols=True,
    )
    start = clip_time(clip, first_frame)
    with open_sound(clip, options.audio == FROM_DRIVING, start) as sound, bar:
        count = write_output(output, bar, clip_timing(clip, first_frame), sound)
    return AnimatedVideo(os.fspath(output), count, clip.fps, source_frame, first_frame)


def best_frames(
    animator: AnyAnimator, source: SquareFootage, driving: SquareFootage, batch_size: int
) -> tuple[int, int]:
    """Which source frame and which first driving frame have the most similar masks.

    The method copies the driver's pose, not its change of pose, so the only use of a good pair is a
    good beginning. A source with several frames is searched for the pose of the driver's first
    frame, and the driver stays whole. A source of one frame has the driver searched instead.
    """

    def masks(footage: SquareFootage) -> Iterator[np.ndarray]:
        return generate_masks(animator, footage.frames(), batch_size)

    if source.clip.frames > 1:
        return nearest_mask(next(masks(driving)), masks(source)), 0
    return 0, nearest_mask(next(masks(source)), masks(driving))


def _views(
    generated: Iterator[dict[str, np.ndarray]],
    options: AnimationOptions,
    size: int,
    warning: OverlapWarning,
) -> Iterator[np.ndarray]:
    for intermediates in generated:
        warning.look(intermediates[keys.SOURCE_MASK], intermediates[keys.DRIVING_MASK])
        yield draw_view(intermediates, options.view, options.output_size or size)
    warning.finish()
