"""What a run leaves to look at: a table, a picture of the curves, and TensorBoard's files."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

import matplotlib
import numpy as np
import tensorflow as tf

from maskanim_tf.files import atomic_path
from maskanim_tf.training.mask_health import MaskHealth

matplotlib.use("Agg")

from matplotlib import pyplot

COLUMNS = (
    "step",
    "epoch",
    "learning_rate",
    "mask",
    "coarse",
    "fine",
    "validation_l1",
    "across_l1",
    "copy_l1",
    "refinement_cost",
    *(f"mask_{field.name}" for field in dataclasses.fields(MaskHealth)),
)


class History:
    """The table of a run, `history.csv`, one row per interval.

    Args:
      run_dir: directory of the run.
      step: rows after this step are dropped; a resumed run writes them again.
    """

    def __init__(self, run_dir: str, step: int = 0):
        self._folder = Path(run_dir)
        self._path = self._folder / "history.csv"
        self.rows: list[dict[str, float]] = []
        if self._path.is_file():
            with open(self._path, newline="") as file:
                rows = [
                    {key: float(value) for key, value in row.items() if value}
                    for row in csv.DictReader(file)
                ]
            self.rows = [row for row in rows if row["step"] <= step]
        self._board = tf.summary.create_file_writer(str(self._folder / "tensorboard"))

    def add(self, row: dict[str, float]) -> None:
        """Adds a row, writes the table and TensorBoard's scalars."""
        self.rows.append(row)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for one in self.rows:
            writer.writerow({key: f"{value:.8g}" for key, value in one.items()})
        with atomic_path(self._path) as partial:
            partial.write_text(text.getvalue())
        with self._board.as_default(step=int(row["step"])):
            for key, value in row.items():
                if key not in ("step", "epoch"):
                    tf.summary.scalar(key, value)

    def add_panel(self, panel: np.ndarray, step: int) -> None:
        """Gives a panel, uint8 `[height, width, 3]`, to TensorBoard."""
        with self._board.as_default(step=step):
            tf.summary.image("intermediates", panel[np.newaxis])

    def draw(self) -> Path:
        """Draws losses, validation and masks into `losses.png` and returns its path."""
        figure, (losses, validation, masks) = pyplot.subplots(
            1, 3, figsize=(16, 4), layout="constrained"
        )
        for axes, keys in (
            (losses, ("mask", "coarse", "fine")),
            (validation, ("validation_l1", "across_l1", "copy_l1")),
            (masks, ("mask_contrast", "mask_saturated", "mask_polarity", "mask_luminance")),
        ):
            for key in keys:
                points = [(row["step"], row[key]) for row in self.rows if key in row]
                if points:
                    axes.plot(*zip(*points), label=key.replace("_", " "))
            axes.set_xlabel("step")
            axes.grid(alpha=0.3)
            if axes.lines:
                axes.legend()
        losses.set_title("training losses")
        losses.set_yscale("log")
        validation.set_title("L1 of unseen clips")
        masks.set_title("masks")
        path = self._folder / "losses.png"
        with atomic_path(path) as partial:
            figure.savefig(partial, dpi=110)
        pyplot.close(figure)
        return path
