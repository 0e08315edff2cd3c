"""Contact sheets: several clips at several moments in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from maskanim_tf.people.clip import PersonClip

_CAPTION = 18


def contact_sheet(clips: Sequence[PersonClip], *, steps: int = 8, tile: int = 128) -> np.ndarray:
    """One row per clip, one column per moment, with the clip's name and action above each row.

    Args:
        clips: what to show, at least one clip.
        steps: number of moments, spread evenly over each clip, at least 1.
        tile: height and width of a frame on the sheet in pixels.

    Returns:
        RGB uint8 `[height, width, 3]`.

    Raises:
        ValueError: if there are no clips or no steps.
    """
    if not clips or steps < 1:
        raise ValueError(f"a sheet needs clips and steps, got {len(clips)} clips, {steps} steps")
    rows = []
    for clip in clips:
        moments = np.linspace(0, len(clip.frames) - 1, steps).round().astype(int)
        tiles = [
            cv2.resize(clip.frames[moment], (tile, tile), interpolation=cv2.INTER_AREA)
            for moment in moments
        ]
        caption = np.full((_CAPTION, tile * steps, 3), 245, np.uint8)
        text = f"{clip.name}  {clip.action}, {clip.framing}, {clip.movement}"
        cv2.putText(
            caption, text, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40,) * 3, 1, cv2.LINE_AA
        )
        rows += [caption, np.concatenate(tiles, axis=1)]
    return np.concatenate(rows, axis=0)
