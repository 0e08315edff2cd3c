"""Frames from frames, one by one: a source is set once, its driver streams through in batches.

Input:  square uint8 frames of the generator's size.
Output: intermediates of each driving frame as NumPy arrays.
Masks may be known already, smoothed in time, and moved to where the source stands, all between m
and P_test. A short batch is filled up with copies of its last frame, so that one graph serves a
whole video. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice, repeat
from typing import Optional, TypeVar

import numpy as np

from maskanim_tf.animation.alignment import Alignment
from maskanim_tf.animation.frame_generator import FrameGenerator, missing_keys
from maskanim_tf.animation.masks import MaskSmoother
from maskanim_tf.keys import DRIVING, INTERMEDIATES, SOURCE
from maskanim_tf.media.clips import batched, filled
from maskanim_tf.ops.pixels import as_floats

T = TypeVar("T")
R = TypeVar("R")

BATCH_SIZE = 4

# Driving frames, their masks where the generator is not to find them, and a source if it changes.
Inputs = tuple[np.ndarray, Optional[np.ndarray], Optional[np.ndarray]]


def generate_frames(
    generator: FrameGenerator,
    source: np.ndarray | Iterable[np.ndarray],
    driving: Iterable[np.ndarray],
    batch_size: int = BATCH_SIZE,
    smooth_masks: float = 0.0,
    keys: Sequence[str] = INTERMEDIATES,
    masks: Iterable[np.ndarray] | None = None,
    alignment: Alignment | None = None,
) -> Generator[dict[str, np.ndarray], None, None]:
    """Animates a source by a stream of driving frames, lazily and in constant memory.

    A generator makes one such stream at a time, since each sets a source.

    Args:
      generator: what animates.
      source: uint8 `[image_size, image_size, 3]`, RGB; or a stream with one for each driving frame,
        which are then animated one by one.
      driving: frames like a source.
      batch_size: driving frames that are animated at once, where the generator takes any number.
      smooth_masks: x in [0, 1]; the driver's mask becomes x of the smoothed mask of the frame
        before and 1 - x of its own. 0 leaves every mask as it is, 1 keeps the first one.
      keys: which intermediates to return; source and driving frames are always there.
      masks: of the driving frames, float `[mask_size, mask_size, 1]` in [0, 1]; found by the
        generator without.
      alignment: where the smoothed masks are moved to.

    Yields:
      For each driving frame float32 `[height, width, channels]` in [0, 1] by key.

    Raises:
      ValueError: a frame of another size or type, a number out of range, a key that the generator
        lacks, or masks for one that takes none.
    """
    if not 0 <= smooth_masks <= 1:
        raise ValueError(f"smooth_masks is {smooth_masks}, but must lie in [0, 1]")
    if missing := missing_keys(generator, keys):
        raise ValueError(f"{generator.label} gives no {', '.join(missing)}")
    changed = masks is not None or smooth_masks > 0 or alignment is not None
    if changed and not generator.takes_masks:
        raise ValueError(f"{generator.label} takes no masks")
    asked = [key for key in keys if key in generator.outputs]
    pictures: Iterable[np.ndarray | None]
    if isinstance(source, np.ndarray):
        step = size = _batch_size(generator, batch_size)
        at_once, pictures = generator.concurrency, repeat(None)
        generator.set_source(source)
        given = {SOURCE: as_floats(source)}
    else:
        # A generator for which each frame has a source of its own sees no frame of another one.
        step, size = 1, _batch_size(generator, 1)
        at_once, pictures = 1, source

    def animate(inputs: Inputs) -> tuple[Inputs, dict[str, np.ndarray]]:
        batch, known_masks, picture = inputs
        if picture is not None:
            generator.set_source(picture)
        return inputs, generator.animate(filled(batch, size), asked, known_masks)

    batches = batched(driving, step)
    steered = (
        _with_masks(generator, batches, size, smooth_masks, masks, alignment)
        if changed
        else ((batch, None) for batch in batches)
    )
    inputs = ((batch, found, picture) for (batch, found), picture in zip(steered, pictures))
    with closing(in_order(animate, inputs, at_once)) as results:
        for (batch, _, picture), arrays in results:
            if picture is not None:
                given = {SOURCE: as_floats(picture)}
            for index, frame in enumerate(batch):
                known = {**given, DRIVING: as_floats(frame)}
                known |= {key: value[index] for key, value in arrays.items()}
                yield {key: known[key] for key in keys}


def generate_masks(
    generator: FrameGenerator, frames: Iterable[np.ndarray], batch_size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """The mask of each frame, float32 `[mask_size, mask_size, 1]`; see `generate_frames`."""
    size = _batch_size(generator, batch_size)
    for batch in batched(frames, size):
        yield from generator.masks(filled(batch, size))[: len(batch)]


def in_order(
    function: Callable[[T], R], items: Iterable[T], at_once: int
) -> Generator[R, None, None]:
    """Results in the order of the items, of which at most `at_once` are in work or wait.

    A single one is worked on in the thread that asks for it.
    """
    if at_once == 1:
        yield from map(function, items)
        return
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= at_once:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _batch_size(generator: FrameGenerator, wanted: int) -> int:
    if wanted < 1:
        raise ValueError(f"batch_size is {wanted}, but must be at least 1")
    return generator.batch_size or wanted


def _with_masks(
    generator: FrameGenerator,
    batches: Iterable[np.ndarray],
    size: int,
    share: float,
    known: Iterable[np.ndarray] | None,
    alignment: Alignment | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each batch with a whole batch of masks: known or found, then smoothed, then moved."""
    smoother = MaskSmoother(share)
    stream = None if known is None else iter(known)
    for batch in batches:
        found = generator.masks(filled(batch, size)) if stream is None else stream
        masks = [smoother.smoothed(mask) for mask in islice(found, len(batch))]
        if alignment is not None:
            masks = [alignment.moved(mask) for mask in masks]
        yield batch, filled(np.stack(masks), size)
