"""Subjects of an uncropped picture or film are animated where they are.

Each subject is cut out, animated by its own driver, and blended back in (`paste`). A picture stands
still around them. A film plays on: each of its frames is the source of the result in it. Several
subjects share one set of networks, which are told the source again whenever the turn changes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import repeat
from pathlib import Path

import numpy as np

from maskanim_tf.animation.animated_video import AnimatedVideo, note_on, write_film
from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.generation import generate_frames
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.paste import Paste
from maskanim_tf.animation.steering import find_alignment, open_driver
from maskanim_tf.keys import FRAME, REFINED_MASK, SOURCE, SOURCE_MASK
from maskanim_tf.media.following import subject_squares
from maskanim_tf.media.footage import Footage, SquareFootage, open_footage
from maskanim_tf.media.outputs import check_output
from maskanim_tf.media.subjects import parse_subjects
from maskanim_tf.storage.files import split_paths

# Where the object was, and where it is.
MASKS = (SOURCE_MASK, REFINED_MASK)


def animate_whole(
    generator: FrameGenerator,
    source: str | os.PathLike[str],
    driving: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: AnimationOptions,
    progress: bool,
) -> AnimatedVideo:
    """`animate_video` for subjects inside of a whole picture.

    The first driver gives length, times and sound; of shorter ones the last frame stays. A source
    that is a film and ends before ends the result.

    Args:
      generator: what animates.
      source: a picture or a film of any size.
      driving: a clip or a template, or one for each subject, separated by commas.
      output: of the size of the source; for .mp4 a row or column is doubled where a side is odd.
      options: how, with `subject`.
      progress: shows a progress bar on stderr.

    Raises:
      ValueError: an input that cannot be read, no such subject, as many drivers as do not fit.
      OSError: the output cannot be written.
    """
    wishes = parse_subjects(options.subject)
    paths = split_drivers(driving, len(wishes))
    check_output(output, (source, *paths))
    footage, size = open_footage(source), generator.image_size
    subjects = [subject_squares(footage, w, size, options.fit, options.follow) for w in wishes]
    drivers = [open_driver(path, generator, options, i) for i, path in enumerate(paths)]
    drivers *= len(subjects) if len(drivers) == 1 else 1
    turns = take_turns(generator, len(subjects))
    with ExitStack() as stack:
        results = [
            stack.enter_context(closing(_animated(turn, subject, driver, options)))
            for turn, subject, driver in zip(turns, subjects, drivers)
        ]
        pictures = _pictures(footage, subjects, results, drivers[0].count)
        if Path(output).suffix.lower() == ".mp4":
            pictures = map(even_sides, pictures)
        note = note_on(generator, composed=True)
        count = write_film(output, pictures, drivers[0], 0, options, progress, note)
    return AnimatedVideo(os.fspath(output), count, drivers[0].fps, 0, 0)


def split_drivers(driving: str | os.PathLike[str], subjects: int) -> list[str]:
    """The drivers that an option names: one for all subjects, or one for each.

    Raises:
      ValueError: another number.
    """
    paths = split_paths(driving)
    if len(paths) not in (1, subjects):
        raise ValueError(
            f"--driving names {len(paths)} drivers, but --subject {subjects}; give one driver for "
            "all, or one for each"
        )
    return paths


def even_sides(picture: np.ndarray) -> np.ndarray:
    """A picture whose last row and column are doubled where their number is odd."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def take_turns(generator: FrameGenerator, count: int) -> list[FrameGenerator]:
    """As many generators as asked for, each with a source of its own, which share the networks."""
    if count == 1:
        return [generator]
    holder: list[_Turn] = []
    return [_Turn(generator, holder) for _ in range(count)]


class _Turn(FrameGenerator):
    """One of several users of a generator, who tells its source again if another one was there."""

    def __init__(self, generator: FrameGenerator, holder: list[_Turn]) -> None:
        self._generator = generator
        self._holder = holder
        self._source: np.ndarray | None = None
        self.label, self.image_size = generator.label, generator.image_size
        self.batch_size, self.outputs = generator.batch_size, generator.outputs
        self.finds_masks, self.takes_masks = generator.finds_masks, generator.takes_masks

    def set_source(self, source: np.ndarray) -> None:
        self._source = source
        self._holder[:] = []

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        if self._holder != [self]:
            assert self._source is not None, "set_source comes first"
            self._generator.set_source(self._source)
            self._holder[:] = [self]
        return self._generator.animate(driving, wanted, masks)

    def masks(self, frames: np.ndarray) -> np.ndarray:
        return self._generator.masks(frames)


def _animated(
    generator: FrameGenerator, subject: SquareFootage, driver: Driver, options: AnimationOptions
) -> Generator[dict[str, np.ndarray], None, None]:
    """Source, result and masks of one subject, for each driving frame."""
    first = subject.frame(0)
    return generate_frames(
        generator,
        first if subject.count == 1 else subject.frames(),
        driver.frames(),
        options.batch_size,
        options.smooth_masks,
        (SOURCE, FRAME, *(key for key in MASKS if key in generator.outputs)),
        driver.masks(),
        find_alignment(generator, first, driver, 0, options),
    )


def _pictures(
    footage: Footage,
    subjects: Sequence[SquareFootage],
    results: Sequence[Iterable[dict[str, np.ndarray]]],
    count: int,
) -> Iterator[np.ndarray]:
    """Whole pictures with all results in them, at most `count`."""
    still = footage.clip.frames == 1
    backgrounds: Iterable[np.ndarray] = footage.frames()
    backgrounds = repeat(next(iter(backgrounds)), count) if still else backgrounds
    places = [repeat(subject.square) if still else subject.places() for subject in subjects]
    pastes = [Paste() for _ in subjects]
    steps = zip(range(count), backgrounds, zip(*places), zip(*map(_held, results)))
    for _, background, squares, made in steps:
        picture = background.copy()
        for paste, square, result in zip(pastes, squares, made):
            masks = [result[key] for key in MASKS if key in result]
            paste.into(picture, square, result[SOURCE], result[FRAME], masks)
        yield picture


def _held(results: Iterable[dict[str, np.ndarray]]) -> Iterator[dict[str, np.ndarray]]:
    """Results, the last of which stays."""
    last = None
    for last in results:
        yield last
    if last is not None:
        yield from repeat(last)
