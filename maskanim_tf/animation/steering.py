"""From a path to what drives: frames or a template, their masks, and where those are moved to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

import numpy as np

from maskanim_tf.animation.alignment import Alignment, align
from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.generation import generate_masks
from maskanim_tf.animation.options import RELATIVE, AnimationOptions
from maskanim_tf.animation.templates import is_template, read_template
from maskanim_tf.media.following import subject_squares
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.subjects import parse_subjects


def open_driver(
    path: str | os.PathLike[str],
    generator: FrameGenerator,
    options: AnimationOptions,
    number: int = 0,
) -> Driver:
    """A template, or a clip cut to squares.

    Args:
      path: of either.
      generator: what it drives.
      options: which squares.
      number: of several subjects of `driver_subject`, which are taken by turns.

    Raises:
      ValueError: it cannot be read, or the generator cannot take it.
    """
    if is_template(path):
        return read_template(path, generator)
    footage, size = open_footage(path), generator.image_size
    wishes = parse_subjects(options.driver_subject)
    if wishes:
        wish = wishes[number % len(wishes)]
        return subject_squares(footage, wish, size, options.fit, options.follow)
    return footage.squares(size, options.fit, options.auto_crop)


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
    reference = next(masks_of(generator, driving, options.batch_size, number))
    return align(reference, next(generate_masks(generator, [source], options.batch_size)))


def masks_of(
    generator: FrameGenerator, driving: Driver, batch_size: int, first: int = 0
) -> Iterator[np.ndarray]:
    """The driver's masks from a frame on, its own or found."""
    known = driving.masks()
    if known is not None:
        return islice(known, first, None)
    return generate_masks(generator, islice(driving.frames(), first, None), batch_size)
