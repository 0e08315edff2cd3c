"""Exports a page that animates in the browser alone: `python -m export.web --output=out/web`.

The folder holds static files for any web server: the page with samples, the stages of `export.onnx`
with weights of 16 bits, and ONNX Runtime Web, which computes with WebGPU where the browser has it
and with WebAssembly elsewhere. Nothing that a user chooses leaves the machine. `export.run` takes
the folder, too. To look at it: `python -m http.server --directory=out/web`.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from functools import partial as bind
from pathlib import Path
from typing import Any

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from maskanim_tf.config import Config, option
from maskanim_tf.export import browser
from maskanim_tf.export.browser.catalogue import SAMPLES, describe_samples, write_sample
from maskanim_tf.export.exporter import FolderOptions, export_folder
from maskanim_tf.export.onnx import write_stages
from maskanim_tf.export.onnx_runtime import OnnxRuntime
from maskanim_tf.export.parity import FLOAT16_BOUND
from maskanim_tf.export.web_runtime import PACKAGE, install_runtime
from maskanim_tf.inference import rewrite
from maskanim_tf.models import Animator
from maskanim_tf.models.presets import find_weights

OPSET = 17


@dataclasses.dataclass(frozen=True)
class WebOptions(FolderOptions):
    """Options of the command."""

    runtime: str = option("", f"{PACKAGE.archive}, as npm packs it; by default it is downloaded")


def main(options: WebOptions) -> None:
    """Exports the page that the flags ask for."""
    export_folder(options, bind(write, options), OnnxRuntime, (1, 3), FLOAT16_BOUND)


def write(options: WebOptions, animator: Animator, config: Config, folder: Path) -> dict[str, Any]:
    """Writes all files and returns what describes them."""
    install_runtime(folder / "runtime", options.runtime)
    for name in (*browser.SHARED, *browser.ALONE):
        shutil.copyfile(browser.FOLDER / name, folder / name)
    samples = folder / "samples"
    samples.mkdir()
    for name in SAMPLES:
        for ending in (".png", ".mp4"):
            write_sample(name, samples / f"{name}{ending}")
    model = {"name": Path(find_weights(options.checkpoint)).stem, "size": config.model.image_size}
    (folder / "samples.json").write_text(json.dumps({"model": model, **describe_samples()}))
    write_stages(rewrite(animator, compact=True), OPSET, folder, half=True)
    runtime = f"{PACKAGE.name} {PACKAGE.version}"
    return {"format": "ONNX for browsers", "opset": OPSET, "runtime": runtime}


if __name__ == "__main__":
    run_command(main, WebOptions)
