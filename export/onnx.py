"""Exports ONNX files: `python -m export.onnx --output=models/onnx`.

The folder holds `source_mask.onnx`, `animate.onnx`, `animate_mask.onnx` (the stages of
`export.stages`, with any number of driving frames), the weights that they share, and a
`model_card.json`. `export.run` animates a video with it.
"""

from __future__ import annotations

import dataclasses
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from tqdm import tqdm

from maskanim_tf.config import Config, option
from maskanim_tf.export.exporter import FolderOptions, export_folder
from maskanim_tf.export.graphs import make_stages
from maskanim_tf.export.onnx_graph import to_onnx
from maskanim_tf.export.onnx_runtime import SUFFIX, OnnxRuntime
from maskanim_tf.export.parity import FLOAT_BOUND
from maskanim_tf.export.shared_weights import WEIGHTS, SharedWeights
from maskanim_tf.inference import AnyAnimator, rewrite
from maskanim_tf.models import Animator


@dataclasses.dataclass(frozen=True)
class OnnxOptions(FolderOptions):
    """Options of the command."""

    opset: int = option(17, "version of the ONNX operations", minimum=17, maximum=18)


def main(options: OnnxOptions) -> None:
    """Exports the files that the flags ask for."""
    export_folder(options, bind(write, options.opset), OnnxRuntime, (1, 3), FLOAT_BOUND)


def write(opset: int, animator: Animator, config: Config, folder: Path) -> dict[str, Any]:
    """Writes all files and returns what describes them."""
    write_stages(rewrite(animator), opset, folder, half=False)
    return {"format": "ONNX", "opset": opset}


def write_stages(animator: AnyAnimator, opset: int, folder: Path, half: bool) -> None:
    """Writes the stages and their weights, the latter as float16 if `half`."""
    stages = make_stages(animator, batch=None).items()
    with (folder / WEIGHTS).open("wb") as file:
        weights = SharedWeights(file, half)
        for stage, (function, specs) in tqdm(stages, "converting", unit="graph"):
            model = to_onnx(function, specs, opset)
            weights.take_from(model.graph)
            (folder / f"{stage}{SUFFIX}").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    run_command(main, OnnxOptions)
