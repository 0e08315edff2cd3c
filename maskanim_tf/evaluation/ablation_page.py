"""The page of the ablation report: a picture, and the same as HTML that needs no other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.storage.files import atomic_path

DPI = 100
LINE = 18  # Pixels per line of the table.
MARGIN = 12

CAPTION = (
    "Source, driver, masks, coarse and final frame of the full model; then the ablations: no_pert "
    "leaves out the perturbation, no_ref the mask refiner, no_id both. L1 and SSIM in the table "
    "are of drivers rebuilt from their own first frame, all else is of the animations."
)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ablations</title>
<style>
body {{ font: 16px/1.4 sans-serif; margin: 2em; }}
img {{ max-width: 100%; image-rendering: pixelated; }}
</style>
<h1>Ablations</h1>
<p>{caption}</p>
<p>Rows: {rows}.</p>
<img alt="every intermediate and the ablations" src="data:image/png;base64,{picture}">
<pre>{table}</pre>
</html>
"""


def write_page(
    folder: str,
    pictures: Mapping[str, np.ndarray],
    keys: Sequence[str],
    row_names: Sequence[str],
    table: str,
) -> None:
    """Writes `ablation.png` and `ablation.html`.

    Args:
      folder: where to write.
      pictures: per column frames or masks `[rows, height, width, channels]` in [0, 1].
      keys: the columns.
      row_names: what the rows show.
      table: the scores, as lines of text.

    Raises:
      OSError: the folder cannot be written.
    """
    panel = draw_panel(pictures, keys)
    image = Path(folder) / "ablation.png"
    write_picture(image, np.concatenate([panel, _draw_text(table, panel.shape[1])]))
    _, encoded = cv2.imencode(".png", panel[..., ::-1])
    page = PAGE.format(
        caption=html.escape(CAPTION),
        rows=html.escape(", ".join(row_names)),
        picture=base64.b64encode(encoded.tobytes()).decode("ascii"),
        table=html.escape(table),
    )
    with atomic_path(Path(folder) / "ablation.html") as partial:
        partial.write_text(page, encoding="utf-8")


def _draw_text(text: str, width: int) -> np.ndarray:
    """Lines of text on white, uint8 `[height, width, 3]`."""
    height = LINE * (text.count("\n") + 1) + 2 * MARGIN
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    figure.text(
        MARGIN / width,
        1 - MARGIN / height,
        text,
        family="monospace",
        size=0.6 * LINE * 72 / DPI,
        linespacing=1.3,
        va="top",
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
