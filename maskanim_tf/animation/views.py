"""What a viewer sees of a driving frame: the result, a comparison, or every intermediate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from maskanim_tf.animation.options import ALL, RESULT
from maskanim_tf.keys import DRIVING, FRAME, INTERMEDIATES, SOURCE
from maskanim_tf.media.fitting import cut_square
from maskanim_tf.media.panels import draw_panel
from maskanim_tf.ops.pixels import as_bytes

COMPARED = (SOURCE, DRIVING, FRAME)
# Labels do not fit above smaller pictures.
LEAST_CELL = 128


def shown_keys(view: str) -> tuple[str, ...]:
    """The intermediates that a view shows."""
    if view == ALL:
        return INTERMEDIATES
    return (FRAME,) if view == RESULT else COMPARED


def draw_view(intermediates: Mapping[str, np.ndarray], view: str, size: int) -> np.ndarray:
    """One picture of the output.

    Args:
      intermediates: float32 `[height, width, channels]` in [0, 1] for each of `shown_keys(view)`.
      view: one of `VIEWS`.
      size: side of a single picture in pixels.

    Returns:
      uint8 RGB: `[size, size, 3]`, `[size, 3 * size, 3]`, or a labelled film strip.
    """
    keys = shown_keys(view)
    if view == ALL:
        row = {key: intermediates[key][None] for key in keys}
        return draw_panel(row, keys, cell=max(LEAST_CELL, size))
    pictures = [as_bytes(intermediates[key]) for key in keys]
    return np.concatenate([cut_square(p, 0, 0, len(p), size) for p in pictures], axis=1)
