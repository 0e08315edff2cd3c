"""Animates a picture by a video with an exported model.

`python -m export.run --model=models/onnx --source=me.png --driving=dance.mp4 --output=me.mp4`:
the format is found in the folder. Sources, drivers and options are those of `maskanim_tf.animate`.
LiteRT, ONNX and ncnn files need neither TensorFlow nor checkpoints.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import re
from functools import partial
from pathlib import Path

from maskanim_tf.commands import assume_frozen_weights, run_command  # Before TensorFlow.

# isort: split
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.jobs import run_job
from maskanim_tf.animation.options import AnimationOptions, FootageOptions
from maskanim_tf.config import option

SAVED_MODEL = "saved_model.pb"
CARD = "model_card.json"  # `export.model_card`, which loads TensorFlow.
# What opens a folder, by a file in it; each is imported where it is used, with its runtime.
FORMATS = {
    SAVED_MODEL: ("maskanim_tf.export.saved_model_runtime", "open_saved_model"),
    "animate.tflite": ("maskanim_tf.export.tflite_runtime", "TfliteRuntime"),
    "animate.onnx": ("maskanim_tf.export.onnx_runtime", "OnnxRuntime"),
    "render.param": ("maskanim_tf.export.ncnn_runtime", "NcnnRuntime"),
}


@dataclasses.dataclass(frozen=True)
class RunOptions(FootageOptions):
    """The exported model."""

    model: str = option("", "folder that an exporter wrote; of versions, the newest is taken")
    threads: int = option(0, "to compute with; 0 for one per core", minimum=0)


def main(options: RunOptions, animation: AnimationOptions) -> None:
    """Writes the animation."""
    if not options.model:
        raise ValueError("model is empty; give the folder that an exporter wrote with --model=DIR")
    run_job(partial(open_model, Path(options.model), options.threads), options, animation)


def open_model(folder: Path, threads: int = 0) -> FrameGenerator:
    """The exported model of a folder, in whatever format.

    Args:
      folder: of an export; of a SavedModel also that of its versions.
      threads: to compute with; 0 for one per core.

    Raises:
      FileNotFoundError: the folder holds no export.
      ValueError: it cannot be read, or a package is missing.
    """
    versions = [p for p in folder.glob(f"*/{SAVED_MODEL}") if re.fullmatch(r"\d+", p.parent.name)]
    newest = max(versions, key=lambda path: int(path.parent.name), default=folder / SAVED_MODEL)
    for path in (newest, *(folder / name for name in FORMATS)):
        if path.is_file():
            module, name = FORMATS[path.name]
            generator = getattr(importlib.import_module(module), name)(path.parent, threads)
            _tell_weights(generator, path.parent)
            return generator
    raise FileNotFoundError(
        f"{folder} holds no exported model, none of {', '.join(FORMATS)}; give the folder of one"
    )


def _tell_weights(generator: FrameGenerator, folder: Path) -> None:
    """Says to a generator what the model card knows of its weights, if there is one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        card = json.loads((folder / CARD).read_text())
        generator.model = Path(card["weights"]).stem
        generator.mask_size, generator.mask_model = int(card["mask_size"]), card["mask_model"]


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, RunOptions, AnimationOptions)
