"""Exports ONNX files: `python -m export.onnx --output=models/onnx`.

The folder holds `source_mask.onnx`, `animate.onnx` (the stages of `export.stages`, with any number
of driving frames) and a `model_card.json`. `export.run` animates a video with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
import onnx
from tqdm import tqdm

from maskanim_tf.config import Config, option
from maskanim_tf.export.exporter import FolderOptions, export_folder
from maskanim_tf.export.graphs import make_stages
from maskanim_tf.export.onnx_graph import to_onnx
from maskanim_tf.export.onnx_runtime import SUFFIX, OnnxRuntime
from maskanim_tf.export.parity import FLOAT_BOUND
from maskanim_tf.inference import rewrite
from maskanim_tf.models import Animator


@dataclasses.dataclass(frozen=True)
class OnnxOptions(FolderOptions):
    """Options of the command."""

    opset: int = option(17, "version of the ONNX operations", minimum=17, maximum=18)


def main(options: OnnxOptions) -> None:
    """Exports the files that the flags ask for."""
    export_folder(options, bind(write, options.opset), OnnxRuntime, (1, 3), FLOAT_BOUND)


def write(opset: int, animator: Animator, config: Config, folder: Path) -> dict[str, Any]:
    """Writes both files and returns what describes them."""
    for stage, model in stage_models(animator, opset):
        (folder / f"{stage}{SUFFIX}").write_bytes(model.SerializeToString())
    return {"format": "ONNX", "opset": opset}


def stage_models(
    animator: Animator, opset: int, compact: bool = False
) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Name and model of each stage; see `rewrite` for the compact form."""
    stages = make_stages(rewrite(animator, compact=compact), batch=None).items()
    for stage, (function, specs) in tqdm(stages, "converting", unit="graph"):
        yield stage, to_onnx(function, specs, opset)


if __name__ == "__main__":
    run_command(main, OnnxOptions)
