"""What a viewer sees of a driving frame: the result, a comparison, or every intermediate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from maskanim_tf.animation.matte import opacity
from maskanim_tf.animation.options import ALL, RESULT
from maskanim_tf.keys import DRIVING, FRAME, INTERMEDIATES, REFINED_MASK, SOURCE
from maskanim_tf.media.fitting import cut_square
from maskanim_tf.media.panels import draw_panel
from maskanim_tf.ops.pixels import as_bytes

COMPARED = (SOURCE, DRIVING, FRAME)
# Labels do not fit above smaller pictures.
LEAST_CELL = 128


def shown_keys(view: str, alpha: bool = False) -> tuple[str, ...]:
    """The intermediates that a view shows, or needs for its transparency."""
    if view == ALL:
        return INTERMEDIATES
    if view == RESULT:
        return (FRAME, REFINED_MASK) if alpha else (FRAME,)
    return COMPARED


def draw_view(
    intermediates: Mapping[str, np.ndarray], view: str, size: int, alpha: bool = False
) -> np.ndarray:
    """One picture of the output.

    Args:
      intermediates: float32 `[height, width, channels]` in [0, 1] for each of `shown_keys`.
      view: one of `VIEWS`.
      size: side of a single picture in pixels.
      alpha: the background of the result is transparent.

    Returns:
      uint8 RGB: `[size, size, 3]`, `[size, 3 * size, 3]`, or a labelled film strip; with `alpha`
      RGB and opacity, `[size, size, 4]`.
    """
    if alpha:
        frame = intermediates[FRAME]
        clear = np.concatenate([frame, opacity(intermediates[REFINED_MASK], frame)], -1)
        return cut_square(as_bytes(clear), 0, 0, len(clear), size)
    keys = shown_keys(view)
    if view == ALL:
        row = {key: intermediates[key][None] for key in keys}
        return draw_panel(row, keys, cell=max(LEAST_CELL, size))
    pictures = [as_bytes(intermediates[key]) for key in keys]
    return np.concatenate([cut_square(p, 0, 0, len(p), size) for p in pictures], axis=1)
