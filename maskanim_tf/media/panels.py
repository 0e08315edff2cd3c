"""Labelled grids of pictures for people to look at: intermediates, moments of clips."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from maskanim_tf.keys import INTERMEDIATES
from maskanim_tf.ops.pixels import as_bytes
from maskanim_tf.storage.files import atomic_path

LABEL_HEIGHT = 22
GAP = 4
BACKGROUND = 245
INK = (40, 40, 40)


def draw_panel(
    intermediates: Mapping[str, np.ndarray],
    keys: Sequence[str] = INTERMEDIATES,
    cell: int = 128,
    caption: str = "",
) -> np.ndarray:
    """A grid with a row per sample and a labelled column per intermediate.

    Args:
      intermediates: frames `[batch, height, width, 3]` and masks `[batch, height, width, 1]` of any
        size, floating in [0, 1].
      keys: which of them to draw, in this order.
      cell: side of a drawn picture in pixels.
      caption: a line of text below the grid.

    Returns:
      uint8 `[height, width, 3]`, RGB.
    """
    rows = min(len(intermediates[key]) for key in keys)
    step = cell + GAP
    panel = np.full((LABEL_HEIGHT + rows * step, len(keys) * step - GAP, 3), BACKGROUND, np.uint8)
    for column, key in enumerate(keys):
        left = column * step
        label = key.replace("_", " ")
        (width, _), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)
        origin = (left + max(0, (cell - width) // 2), LABEL_HEIGHT - 7)
        cv2.putText(panel, label, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
        for row in range(rows):
            top = LABEL_HEIGHT + row * step
            pixels = as_bytes(intermediates[key][row])
            panel[top : top + cell, left : left + cell] = _cell(pixels, cell)
    return np.concatenate((panel, _line(caption, panel.shape[1]))) if caption else panel


def contact_sheet(clips: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """A row per clip with a caption above it: eight moments, spread evenly over the clip.

    Args:
      clips: caption and frames of each, RGB uint8 `[frames, side, side, 3]`; at least one clip.

    Returns:
      RGB uint8 `[height, 1024, 3]`.
    """
    rows = []
    for text, frames in clips:
        moments = np.linspace(0, len(frames) - 1, 8).round().astype(int)
        row = np.concatenate([_cell(frames[moment], 128) for moment in moments], axis=1)
        rows += [_line(text, row.shape[1]), row]
    return np.concatenate(rows)


def write_picture(path: str | os.PathLike[str], picture: np.ndarray) -> None:
    """Writes uint8 RGB in the format of the suffix; whole or not at all.

    Args:
      path: where to.
      picture: uint8 `[height, width, 3]`, or 4 with opacity as the last channel.

    Raises:
      ValueError: OpenCV cannot write this suffix.
      OSError: the file cannot be written.
    """
    with atomic_path(path) as partial:
        try:
            order = [2, 1, 0, 3][: picture.shape[-1]]  # OpenCV's.
            _, encoded = cv2.imencode(partial.suffix, picture[..., order])
        except cv2.error as error:
            raise ValueError(f"{path}: no picture format has this suffix; use .png") from error
        partial.write_bytes(encoded.tobytes())


def _line(text: str, width: int) -> np.ndarray:
    line = np.full((LABEL_HEIGHT, width, 3), BACKGROUND, np.uint8)
    origin = (GAP, LABEL_HEIGHT - 7)
    cv2.putText(line, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
    return line


def _cell(pixels: np.ndarray, side: int) -> np.ndarray:
    # Small pictures keep their pixels visible; large ones are averaged.
    method = cv2.INTER_AREA if len(pixels) > side else cv2.INTER_NEAREST
    resized = cv2.resize(pixels, (side, side), interpolation=method)
    return np.repeat(resized[..., None], 3, -1) if resized.ndim == 2 else resized
