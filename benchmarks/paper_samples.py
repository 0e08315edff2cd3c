"""Scores the samples published with the paper: `python benchmarks/paper_samples.py --samples=DIR`.

DIR holds a folder per data set, in it one per pair with `source.png`, `driving.mp4` and a video per
method. With `--weights=NAME_OR_FILE` those of this project are a method, too. Faces and bodies are
found by MediaPipe.
"""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

from maskanim_tf.animation.options import MOTIONS
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.commands import score
from maskanim_tf.evaluation.detectors import DetectorOptions
from maskanim_tf.predictor import load_animator

# The driver stands for a method that leaves nothing of the source.
METHODS = ("driving", "x2face", "monkey_net", "fomm", "authors")
OURS = "ours"
# Of the published videos; others are scaled.
SIZE = 256


@dataclasses.dataclass(frozen=True)
class SampleOptions(Section):
    """Options of the benchmark."""

    samples: str = option("", "folder with one folder per data set")
    datasets: tuple[str, ...] = option(("vox", "taichi"), "data sets to score")
    weights: str = option("", "weights to animate the pairs with, such as people128")
    motion: str = option("absolute", "how they follow the driver", choices=MOTIONS)
    results: str = option("out/paper_samples", "folder for the lists of pairs and the results")


def main(options: SampleOptions, detectors: DetectorOptions) -> None:
    """Prints a table per data set."""
    for dataset in options.datasets:
        folder = Path(options.samples).resolve() / dataset
        pairs = sorted(path.parent for path in folder.glob("*/source.png"))
        if not pairs:
            raise ValueError(f"{folder} holds no samples; name their folder with --samples=DIR")
        output = Path(options.results) / dataset
        output.mkdir(parents=True, exist_ok=True)
        table = output / "pairs.csv"
        with open(table, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("source", "driving", "name"))
            writer.writerows((p / "source.png", p / "driving.mp4", p.name) for p in pairs)
        print(f"{dataset}: {len(pairs)} pairs")
        methods = [f"{m}={folder}/{{name}}/{m}.mp4" for m in METHODS]
        if options.weights:
            animator = load_animator(options.weights)
            for pair in pairs:
                film = output / OURS / f"{pair.name}.mp4"
                pair_files = (pair / "source.png", pair / "driving.mp4", film)
                animator.animate_video(*pair_files, motion=options.motion)
            methods.append(f"{OURS}={output.resolve() / OURS}/{{name}}.mp4")
        score.main(
            score.ScoreOptions(
                methods=tuple(methods),
                image_size=SIZE,
                pairs=str(table),
                dataset=dataset,
                output=str(output),
            ),
            detectors,
        )


if __name__ == "__main__":
    run_command(main, SampleOptions, DetectorOptions)
