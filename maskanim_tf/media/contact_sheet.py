"""Contact sheets: several clips at several moments in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_CAPTION = 18


def contact_sheet(
    clips: Sequence[tuple[str, np.ndarray]], *, steps: int = 8, tile: int = 128
) -> np.ndarray:
    """One row per clip, one column per moment, with a caption above each row.

    Args:
        clips: caption and frames of each, RGB uint8 `[frames, side, side, 3]`; at least one clip.
        steps: number of moments, spread evenly over each clip, at least 1.
        tile: height and width of a frame on the sheet in pixels; smaller frames are enlarged with
            their pixels visible.

    Returns:
        RGB uint8 `[height, width, 3]`.

    Raises:
        ValueError: if there are no clips or no steps.
    """
    if not clips or steps < 1:
        raise ValueError(f"a sheet needs clips and steps, got {len(clips)} clips, {steps} steps")
    rows = []
    for text, frames in clips:
        method = cv2.INTER_NEAREST if frames.shape[1] < tile else cv2.INTER_AREA
        moments = np.linspace(0, len(frames) - 1, steps).round().astype(int)
        tiles = [cv2.resize(frames[m], (tile, tile), interpolation=method) for m in moments]
        caption = np.full((_CAPTION, tile * steps, 3), 245, np.uint8)
        cv2.putText(
            caption, text, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40,) * 3, 1, cv2.LINE_AA
        )
        rows += [caption, np.concatenate(tiles, axis=1)]
    return np.concatenate(rows, axis=0)
