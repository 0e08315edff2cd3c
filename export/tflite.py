"""Exports TFLite files: `python -m export.tflite --output=models/tflite --precision=float16`.

The folder holds `source_mask.tflite`, `animate.tflite` (the stages of `export.stages`, static
shapes, batch 1; `animate_mask` is a signature of the latter) and a `model_card.json` that describes
their tensors. `export.run` animates a video with it.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.config import Config, option
from maskanim_tf.export.export_options import sample_clips
from maskanim_tf.export.exporter import FolderOptions, export_folder
from maskanim_tf.export.graphs import Traceable, make_stages
from maskanim_tf.export.parity import FLOAT16_BOUND, FLOAT_BOUND
from maskanim_tf.export.quiet import quietly
from maskanim_tf.export.tflite_runtime import DEFAULT, FILES, SUFFIX, TfliteRuntime
from maskanim_tf.inference import rewrite
from maskanim_tf.models import Animator

# Largest difference that each precision is allowed; where there is None it is only reported.
BOUNDS = {"float32": FLOAT_BOUND, "float16": FLOAT16_BOUND, "dynamic": None, "int8": None}
FRAMES_PER_CLIP = 5


@dataclasses.dataclass(frozen=True)
class TfliteOptions(FolderOptions):
    """Options of the command."""

    precision: str = option(
        "float32",
        "float16: weights of 16 bits; dynamic: weights of 8 bits; int8: everything of 8 bits",
        choices=tuple(BOUNDS),
    )
    calibration_frames: int = option(
        100, "frames that int8 is calibrated with, from --data_dir", minimum=1
    )


def main(options: TfliteOptions) -> None:
    """Exports the files that the flags ask for."""
    if options.precision == "int8" and not options.data_dir:
        raise ValueError("int8 is calibrated with frames of your videos; give --data_dir=FOLDER")
    export_folder(
        options,
        bind(write, options),
        TfliteRuntime,
        batches=(1, 2),
        bound=BOUNDS[options.precision],
    )


def write(
    options: TfliteOptions, animator: Animator, config: Config, folder: Path
) -> dict[str, Any]:
    """Writes both files and returns what describes them."""
    frames: list[dict[str, np.ndarray]] = []
    if options.precision == "int8":
        if animator.model.correspondence:
            raise ValueError(
                "int8 is too coarse for networks with correspondence: of the 256 steps of a tensor "
                "too few are left for places in a picture; choose --precision=dynamic, whose "
                "weights have 8 bits"
            )
        frames = list(calibration(options, animator, config))
    # The arithmetic of 8-bit weights gives zeros where all filters of a kernel have one scale, as
    # the shifted copies in a block's kernel do.
    form = rewrite(animator, blocks=options.precision in ("float32", "float16"))
    stages = make_stages(form, batch=1)
    files = FILES
    if options.precision == "int8":
        # Two signatures would share the ranges of one: on the newest TensorFlow frames lose 6 dB.
        files = {file: {DEFAULT: signatures[DEFAULT]} for file, signatures in FILES.items()}
    for file, signatures in tqdm(files.items(), "converting", unit="file"):
        functions = {name: stages[stage] for name, stage in signatures.items()}
        content = convert(functions, options.precision, frames)
        (folder / f"{file}{SUFFIX}").write_bytes(content)
    runtime = TfliteRuntime(folder)
    return {
        "format": "TFLite",
        "precision": options.precision,
        "calibration_frames": len(frames),
        "files": {
            f"{file}{SUFFIX}" + (f" {name}" if name != DEFAULT else ""): runtime.details(stage)
            for file, signatures in files.items()
            for name, stage in signatures.items()
        },
    }


def convert(
    functions: dict[str, Traceable],
    precision: str,
    frames: list[dict[str, np.ndarray]],
) -> bytes:
    """The content of a `.tflite` file, from functions by names of signatures."""
    concrete = {name: function.get_concrete_function() for name, (function, _) in functions.items()}
    with tempfile.TemporaryDirectory() as folder:
        # Only from a SavedModel does the converter keep the names of inputs and outputs. All
        # weights are constants: of variables it would lose track on the newest TensorFlow.
        with quietly():
            tf.saved_model.save(tf.Module(), folder, concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(concrete))
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            converter.representative_dataset = lambda: (
                (name, {spec.name: frame[spec.name] for spec in specs})
                for name, (_, specs) in functions.items()
                for frame in frames
            )
            # The newer quantizer refuses concatenations of tensors that it wants on other scales.
            # The median, which is no arithmetic, has no 8-bit form and stays as it is.
            converter.experimental_new_quantizer = False
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
                tf.lite.OpsSet.TFLITE_BUILTINS,
            ]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        with quietly():
            return converter.convert()


def calibration(
    options: TfliteOptions, animator: Animator, config: Config
) -> Iterator[dict[str, np.ndarray]]:
    """Representative inputs of the second stage: each clip's first frame with others of the clip.

    Raises:
      ValueError: there is no clip.
    """
    left = options.calibration_frames
    clips = -(-left // FRAMES_PER_CLIP)
    chosen = sample_clips(config, options, clips, FRAMES_PER_CLIP + 1)
    for clip in tqdm(chosen, "calibration", clips, unit="clip"):
        source = clip[:1]
        mask = animator.encode_source(source)[keys.SOURCE_MASK].numpy()
        for driving in clip[1 : 1 + left]:
            yield {
                keys.SOURCE: source,
                keys.SOURCE_MASK: mask,
                keys.DRIVING: driving[np.newaxis],
                keys.DRIVING_MASK: animator.encode_driving(driving[np.newaxis]).numpy(),
            }
        left -= len(clip) - 1


if __name__ == "__main__":
    run_command(main, TfliteOptions)
