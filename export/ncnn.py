"""Exports ncnn models: `python -m export.ncnn --output=models/ncnn`.

The folder holds `source_mask` (m), `render` (r, l and h) as `.param` and `.bin` files; what is done
outside of them, P_test and the mean of two masks, as settings in `animate.json`; and a
`model_card.json`. `export.run` animates a video with it.

The networks take the form that suits Winograd kernels (`maskanim_tf.inference`);
docs/measurements.md compares others.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import tempfile
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from tqdm import tqdm

from maskanim_tf.config import Config, option
from maskanim_tf.export.exporter import FolderOptions, export_folder
from maskanim_tf.export.graphs import make_stages
from maskanim_tf.export.ncnn_runtime import BIN, NETS, PARAM, SETTINGS, NcnnRuntime
from maskanim_tf.export.onnx_graph import interleave_by_filter, to_onnx
from maskanim_tf.export.parity import FLOAT16_BOUND, FLOAT_BOUND
from maskanim_tf.export.stages import OUTPUTS
from maskanim_tf.inference import rewrite
from maskanim_tf.models import Animator

BOUNDS = {"float32": FLOAT_BOUND, "float16": FLOAT16_BOUND}


@dataclasses.dataclass(frozen=True)
class NcnnOptions(FolderOptions):
    """Options of the command."""

    precision: str = option("float32", "of the weights", choices=tuple(BOUNDS))


def main(options: NcnnOptions) -> None:
    """Exports the files that the flags ask for."""
    export_folder(
        options,
        bind(write, converter(), options.precision),
        NcnnRuntime,
        batches=(1, 2),
        bound=BOUNDS[options.precision],
    )


def converter() -> Path:
    """The converter inside the package pnnx, which cannot be imported without torch.

    Raises:
      ValueError: it is not installed.
    """
    found = importlib.util.find_spec("pnnx")
    folders = found.submodule_search_locations if found else None
    program = Path(folders[0]) / "pnnx" if folders else None
    if program is None or not os.access(program, os.X_OK):
        raise ValueError("ncnn models are made by pnnx: pip install --no-deps pnnx")
    return program


def write(
    program: Path, precision: str, animator: Animator, config: Config, folder: Path
) -> dict[str, Any]:
    """Writes all files and returns what describes them."""
    # The converter cannot mirror.
    model = animator.model.replace(mirrored_masks=False)
    plain = Animator(model, animator.perturbation, animator.networks, animator.ablation)
    stages = make_stages(rewrite(plain, winograd=True), 1, NETS).items()
    for stage, (function, specs) in tqdm(stages, "converting", unit="graph"):
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "stage.onnx"
            inputs = [spec.name for spec in specs]
            # ncnn's features are planes.
            layout = {"inputs_as_nchw": inputs, "outputs_as_nchw": list(OUTPUTS[stage])}
            model = to_onnx(function, specs, 17, **layout)
            interleave_by_filter(model.graph)
            path.write_bytes(model.SerializeToString())
            command = [str(program), path.name, f"fp16={int(precision == 'float16')}"]
            done = subprocess.run(command, cwd=temporary, capture_output=True, text=True)
            parameters = Path(temporary) / "stage.ncnn.param"
            if done.returncode or not parameters.is_file():
                raise ValueError(f"pnnx cannot convert {stage}: {done.stderr.strip()[-300:]}")
            (folder / f"{stage}{PARAM}").write_bytes(parameters.read_bytes())
            weights = parameters.with_suffix(".bin")
            (folder / f"{stage}{BIN}").write_bytes(weights.read_bytes())
    settings = {
        "image_size": animator.model.image_size,
        "mirrored_masks": animator.model.mirrored_masks,
        "perturbation": animator.perturbation.to_dict() if animator.perturbs else None,
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n")
    return {"format": "ncnn", "precision": precision}


if __name__ == "__main__":
    run_command(main, NcnnOptions)
