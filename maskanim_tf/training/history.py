"""What a run leaves to look at: a table, a picture of the curves, and TensorBoard's files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import tensorflow as tf

from maskanim_tf.storage.files import atomic_path
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

    Rows are appended, so that one costs the same however long a run is. A killed run may leave half
    a line, which is dropped.

    Args:
      run_dir: directory of the run.
      step: rows after this step are dropped; a resumed run writes them again.
    """

    def __init__(self, run_dir: str, step: int = 0):
        self._folder = Path(run_dir)
        self._path = self._folder / "history.csv"
        self.rows = [row for row in self._read() if row["step"] <= step]
        with atomic_path(self._path) as partial:
            partial.write_text(_line(COLUMNS) + "".join(map(_row, self.rows)))
        self._board = tf.summary.create_file_writer(str(self._folder / "tensorboard"))

    def add(self, row: dict[str, float]) -> None:
        """Adds a row to the table and to TensorBoard's scalars."""
        written = _row(row)
        # As a resumed run reads it, so that both draw the same picture.
        self.rows.append(_numbers(COLUMNS, written))
        with open(self._path, "a") as file:
            file.write(written)
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

    def _read(self) -> list[dict[str, float]]:
        """The rows of the file, but for a torn one; none where there is no file."""
        if not self._path.is_file():
            return []
        header, *lines = self._path.read_text(errors="replace").split("\n") or [""]
        columns = header.split(",")
        rows = []
        # What stands behind the last line end was not written to its own end.
        for line in lines[:-1]:
            try:
                row = _numbers(columns, line)
            except ValueError:
                continue
            if "step" in row:
                rows.append(row)
        return rows


def _row(row: dict[str, float]) -> str:
    unknown = set(row) - set(COLUMNS)
    if unknown:
        raise ValueError(f"the history has no column {min(unknown)!r}, only {', '.join(COLUMNS)}")
    return _line([f"{row[key]:.8g}" if key in row else "" for key in COLUMNS])


def _numbers(columns: Sequence[str], line: str) -> dict[str, float]:
    """The numbers of a line by column, without empty ones.

    Raises:
      ValueError: if there are more or fewer cells than columns, or one is no number.
    """
    cells = line.rstrip("\n").split(",")
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} cells in {len(columns)} columns")
    return {key: float(value) for key, value in zip(columns, cells) if value}


def _line(cells: Iterable[str]) -> str:
    return ",".join(cells) + "\n"
