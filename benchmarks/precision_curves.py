"""Draws the training curves of both precisions and of two seeds into one picture.

`python benchmarks/precision_curves.py --picture=curves.png`: `puppets64` for 500 steps on puppets,
one run for each precision and seed. In sixteen bits the curves should lie within what another seed
changes; the last line says so in numbers.
"""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.puppets import DatasetParameters, write_dataset

matplotlib.use("Agg")

from matplotlib import pyplot

REPOSITORY = Path(__file__).resolve().parent.parent
PRECISIONS, SEEDS = ("float32", "mixed_bfloat16"), (0, 1)
SHOWN = ("coarse", "fine", "mask", "validation_l1")
Curve = list[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    steps: int = option(500, "steps of each run", minimum=10)
    picture: str = option("curves.png", "where the picture goes")


def main(options: BenchmarkOptions) -> None:
    curves = {}
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/puppets"
        parameters = DatasetParameters(clips=160, test_clips=12, size=64, plain=True, format="avi")
        write_dataset(data, parameters, progress=True)
        for seed in SEEDS:
            for precision in PRECISIONS:
                run = f"{folder}/{precision}-{seed}"
                flags = {
                    "flagfile": "flagfiles/puppets64.flags",
                    "data_dir": data,
                    "run_dir": run,
                    "precision": precision,
                    "seed": seed,
                    "max_steps": options.steps,
                    "log_every": max(1, options.steps // 20),
                    "validate_every": max(1, options.steps // 5),
                    "average_decay": 0,
                    # Puppets may have found no masks yet; that is not asked here.
                    "flat_mask_steps": 0,
                }
                command = [
                    sys.executable,
                    "train_main.py",
                    *(f"--{k}={v}" for k, v in flags.items()),
                ]
                subprocess.run(command, check=True, cwd=REPOSITORY)
                curves[precision, seed] = read_curves(Path(run) / "history.csv")
    draw(curves, options.picture)
    for name in SHOWN:
        last = {key: curve[name][-1][1] for key, curve in curves.items()}
        precision = max(abs(last[PRECISIONS[0], s] / last[PRECISIONS[1], s] - 1) for s in SEEDS)
        seed = max(abs(last[p, SEEDS[0]] / last[p, SEEDS[1]] - 1) for p in PRECISIONS)
        values = ", ".join(f"{value:.4g}" for value in last.values())
        print(f"{name:14s} {values}: precisions differ by {precision:.1%}, seeds by {seed:.1%}")


def read_curves(path: Path) -> dict[str, Curve]:
    """What a run's history says of each figure, as (step, value)."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [(float(r["step"]), float(r[name])) for r in rows if r[name]] for name in SHOWN}


def draw(curves: dict[tuple[str, int], dict[str, Curve]], path: str) -> None:
    """One panel for each figure, one line for each run."""
    figure, panels = pyplot.subplots(1, len(SHOWN), figsize=(16, 3.6), layout="constrained")
    for axes, name in zip(panels, SHOWN):
        for (precision, seed), run in curves.items():
            color, style = f"C{PRECISIONS.index(precision)}", ("-", "--")[SEEDS.index(seed)]
            label = f"{precision}, seed {seed}"
            axes.plot(*zip(*run[name]), style, color=color, label=label, linewidth=1.3)
        axes.set(title=name.replace("_", " "), xlabel="step")
        axes.grid(alpha=0.3)
    panels[0].legend()
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
