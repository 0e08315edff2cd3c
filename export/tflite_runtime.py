"""Runs the stages of an export as `.tflite` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maskanim_tf import keys
from maskanim_tf.export.stages import ANIMATE, STAGES, Runtime, stage_path
from maskanim_tf.ops.litert import Interpreter

SUFFIX = ".tflite"
SIGNATURE = "serving_default"


class TfliteRuntime(Runtime):
    """The stages of a folder that `export.tflite` wrote.

    Args:
      folder: where the files are.
      threads: to compute with; 0 for one per core.

    Raises:
      FileNotFoundError: a file is not there.
      ValueError: it is no TFLite model.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        super().__init__("TFLite", threads)
        self._interpreters = {s: self._open(stage_path(folder, s, SUFFIX)) for s in STAGES}
        self._runners = {
            stage: interpreter.get_signature_runner(SIGNATURE)
            for stage, interpreter in self._interpreters.items()
        }
        inputs = self._runners[ANIMATE].get_input_details()
        self.image_size = int(inputs[keys.DRIVING]["shape"][1])

    def _open(self, path: Path) -> Any:
        try:
            return Interpreter(model_path=str(path), num_threads=self.threads)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path} is no readable TFLite model; export it again") from error

    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """See `Runtime.run`; takes and returns float32 whatever the file holds."""
        runner = self._runners[stage]
        details = runner.get_input_details()
        results = runner(**{key: quantize(value, details[key]) for key, value in inputs.items()})
        details = runner.get_output_details()
        return {key: dequantize(value, details[key]) for key, value in results.items()}

    def details(self, stage: str) -> dict[str, Any]:
        """Names, shapes, types and quantization of inputs and outputs, for people and for JSON."""
        runner = self._runners[stage]
        return {
            kind: {
                key: {
                    "tensor": detail["name"],
                    "shape": [int(side) for side in detail["shape"]],
                    "dtype": np.dtype(detail["dtype"]).name,
                    "scale": float(detail["quantization"][0]),
                    "zero_point": int(detail["quantization"][1]),
                }
                for key, detail in found.items()
            }
            for kind, found in (
                ("inputs", runner.get_input_details()),
                ("outputs", runner.get_output_details()),
            )
        }


def quantize(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """Floats as the integers that a tensor takes; floats where it takes floats."""
    scale, zero = detail["quantization"]
    if not scale:
        return values
    limits = np.iinfo(detail["dtype"])
    steps = np.rint(values / scale) + zero
    return np.clip(steps, limits.min, limits.max).astype(detail["dtype"])


def dequantize(values: np.ndarray, detail: Mapping[str, Any]) -> np.ndarray:
    """The floats that a tensor's integers stand for."""
    scale, zero = detail["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(scale) if scale else values
