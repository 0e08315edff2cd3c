"""Frames from frames, one by one: a source is set once, its driver streams through in batches.

Input:  square uint8 frames of the generator's size.
Output: intermediates of each driving frame as NumPy arrays.
Masks may be smoothed in time between m and P_test. A short batch is filled up with copies of its
last frame, so that one graph serves a whole video. Paper: section 3, equations 1 to 4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

import numpy as np

from maskanim_tf.animation.frame_generator import FrameGenerator, missing_keys
from maskanim_tf.keys import DRIVING, INTERMEDIATES, SOURCE
from maskanim_tf.media.clips import batched, filled
from maskanim_tf.ops.pixels import as_floats

T = TypeVar("T")
R = TypeVar("R")

BATCH_SIZE = 4


def generate_frames(
    generator: FrameGenerator,
    source: np.ndarray,
    driving: Iterable[np.ndarray],
    batch_size: int = BATCH_SIZE,
    smooth_masks: float = 0.0,
    keys: Sequence[str] = INTERMEDIATES,
) -> Generator[dict[str, np.ndarray], None, None]:
    """Animates a source by a stream of driving frames, lazily and in constant memory.

    A generator makes one such stream at a time, since each sets a source.

    Args:
      generator: what animates.
      source: uint8 `[image_size, image_size, 3]`, RGB.
      driving: frames like `source`.
      batch_size: driving frames that are animated at once, where the generator takes any number.
      smooth_masks: x in [0, 1]; the driver's mask becomes x of the smoothed mask of the frame
        before and 1 - x of its own. 0 leaves every mask as it is, 1 keeps the first one.
      keys: which intermediates to return; source and driving frames are always there.

    Yields:
      For each driving frame float32 `[height, width, channels]` in [0, 1] by key.

    Raises:
      ValueError: a frame of another size or type, a number out of range, a key that the generator
        lacks.
    """
    if not 0 <= smooth_masks <= 1:
        raise ValueError(f"smooth_masks is {smooth_masks}, but must lie in [0, 1]")
    if missing := missing_keys(generator, keys):
        raise ValueError(f"{generator.label} gives no {', '.join(missing)}")
    size = _batch_size(generator, batch_size)
    asked = [key for key in keys if key in generator.outputs]
    generator.set_source(source)
    given = {SOURCE: as_floats(source)}

    def animate(
        inputs: tuple[np.ndarray, np.ndarray | None],
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        batch, masks = inputs
        return batch, generator.animate(filled(batch, size), asked, masks)

    inputs = _with_masks(generator, batched(driving, size), size, smooth_masks)
    with closing(in_order(animate, inputs, generator.concurrency)) as results:
        for batch, arrays in results:
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
    generator: FrameGenerator, batches: Iterable[np.ndarray], size: int, share: float
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Each batch with its smoothed masks, a whole batch of them; without where none are wanted."""
    past: np.ndarray | None = None
    for batch in batches:
        if not share:
            yield batch, None
            continue
        masks = generator.masks(filled(batch, size))[: len(batch)].copy()
        for index, mask in enumerate(masks):
            past = mask if past is None else share * past + (1 - share) * mask
            masks[index] = past
        yield batch, filled(masks, size)
