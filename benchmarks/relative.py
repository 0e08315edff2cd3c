"""Absolute and relative motion, where a driver is farther away than the source and aside.

`python benchmarks/relative.py --samples=paper_samples/vox --output=relative.png`: each folder in
SAMPLES holds `source.png` and `driving.mp4`. Drivers are shrunk and moved, and their first frame is
taken for the source's own pose. What comes out in that frame should stand where the source does.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from maskanim_tf import keys
from maskanim_tf.animation import generate_frames
from maskanim_tf.animation.alignment import align
from maskanim_tf.animation.masks import overlap
from maskanim_tf.config import Section, option
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.predictor import load_animator

ASIDE = 0.8  # Of the free space, to the right.


@dataclasses.dataclass(frozen=True)
class RelativeOptions(Section):
    """Options of the benchmark."""

    samples: str = option("", "folder of folders with source.png and driving.mp4")
    checkpoint: str = option("", "weight file of a run; the embedded one without")
    scale: float = option(0.6, "size of the driver in its picture", above=0, maximum=1)
    output: str = option("", "picture of sources, drivers, masks and results")


def main(options: RelativeOptions) -> None:
    generator = load_animator(options.checkpoint, precision="float32").generator
    size, rows, figures = generator.image_size, [], []
    for folder in sorted(p.parent for p in Path(options.samples).glob("*/source.png")):
        source = open_footage(folder / "source.png").squares(size, "crop", False).frame(0)
        film = list(open_footage(folder / "driving.mp4").squares(size, "crop", False).frames())
        driving = [moved(film[i], options.scale) for i in (0, len(film) // 2, len(film) - 1)]
        masks = generator.masks(np.stack([source, driving[0], driving[0]]))
        alignment = align(masks[1], masks[0])
        made = {
            name: list(generate_frames(generator, source, driving, alignment=chosen))
            for name, chosen in (("absolute", None), ("relative", alignment))
        }
        for absolute, relative in zip(*made.values()):
            row = {key: absolute[key] for key in (keys.SOURCE, keys.SOURCE_MASK, keys.DRIVING)}
            for key in (keys.DRIVING_MASK, keys.REFINED_MASK, keys.FRAME):
                row |= {f"absolute_{key}": absolute[key], f"relative_{key}": relative[key]}
            rows.append(row)
        figures.append([measures(results[0]) for results in made.values()])
        print(folder.name, figures[-1])
    if not figures:
        raise ValueError(f"{options.samples!r} holds no folder with source.png; give --samples=DIR")
    for name, (error, shared) in zip(made, np.mean(figures, 0)):
        print(f"{name}: L1 to the source {error:.4f}, overlap with its mask {shared:.2f}")
    if options.output:
        columns = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
        write_picture(options.output, draw_panel(columns, tuple(columns), cell=176))


def moved(frame: np.ndarray, scale: float) -> np.ndarray:
    """A frame at the bottom of a larger picture, aside; its border goes on outside."""
    size = len(frame)
    side = round(scale * size)
    left = round(ASIDE * (size - side))
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(small, size - side, 0, left, size - side - left, cv2.BORDER_REPLICATE)


def measures(result) -> tuple[float, float]:
    """L1 between result and source, and intersection over union of refined and source mask."""
    error = float(np.abs(result[keys.FRAME] - result[keys.SOURCE]).mean())
    return error, overlap(result[keys.REFINED_MASK], result[keys.SOURCE_MASK])


if __name__ == "__main__":
    run_command(main, RelativeOptions)
