"""A picture of what came out across identities: some moments of a clip, side by side."""

from __future__ import annotations

import os

import numpy as np

from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.ops.pixels import as_floats

ROWS = 6
COLUMNS = ("source", "driver", "this model", "true frame")


class AcrossSheet:
    """Collects moments spread evenly over a clip, a row each.

    Args:
      source: uint8 `[side, side, 3]`.
      count: number of frames of the clip, the source included.
    """

    def __init__(self, source: np.ndarray, count: int):
        self._source = source
        self._moments = np.linspace(1, count - 1, min(count - 1, ROWS)).round()
        self._rows: list[tuple[np.ndarray, ...]] = []

    def add(
        self, numbers: np.ndarray, driving: np.ndarray, made: np.ndarray, real: np.ndarray
    ) -> None:
        """Takes what is wanted of a batch.

        Args:
          numbers: of the frames in the clip, `[frames]`.
          driving: uint8 `[frames, side, side, 3]`.
          made: the generated frames, likewise.
          real: the true frames, likewise.
        """
        for place in np.flatnonzero(np.isin(numbers, self._moments)):
            self._rows.append((self._source, driving[place], made[place], real[place]))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture; raises OSError where it cannot be written."""
        pictures = (as_floats(np.stack(column)) for column in zip(*self._rows))
        write_picture(path, draw_panel(dict(zip(COLUMNS, pictures)), COLUMNS))
