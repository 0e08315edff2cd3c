"""Runs the stages of an export as `.tflite` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maskanim_tf import keys
from maskanim_tf.export.stages import ANIMATE, ANIMATE_MASK, SOURCE_MASK, Runtime, stage_path
from maskanim_tf.ops.litert import Interpreter

SUFFIX = ".tflite"
# The stages of each file, by names of signatures; those of one file share their weights.
DEFAULT = "serving_default"
FILES = {
    SOURCE_MASK: {DEFAULT: SOURCE_MASK},
    ANIMATE: {DEFAULT: ANIMATE, ANIMATE_MASK: ANIMATE_MASK},
}


class TfliteRuntime(Runtime):
    """The stages of a folder that `export.tflite` wrote."""

    label = "TFLite"

    def __init__(self, folder: Path, threads: int = 0) -> None:
        super().__init__(folder, threads)
        self._interpreters = {file: self._open(file) for file in FILES}
        self._runners: dict[str, Any] = {}
        self.takes_masks = ANIMATE_MASK in self._interpreters[ANIMATE].get_signature_list()
        inputs = self._runner(ANIMATE).get_input_details()
        self.image_size = int(inputs[keys.DRIVING]["shape"][1])

    def _open(self, file: str) -> Any:
        path = stage_path(self.folder, file, SUFFIX)
        try:
            return Interpreter(model_path=str(path), num_threads=self.threads)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{path} is no readable TFLite model; export it again") from error

    def _runner(self, stage: str) -> Any:
        """What runs a stage; it takes memory, so that it is made when it is first wanted."""
        if stage not in self._runners:
            ((file, signature),) = (
                (file, name) for file in FILES for name, s in FILES[file].items() if s == stage
            )
            interpreter = self._interpreters[file]
            self._runners[stage] = interpreter.get_signature_runner(signature)
        return self._runners[stage]

    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """See `Runtime.run`; takes and returns float32 whatever the file holds."""
        runner = self._runner(stage)
        details = runner.get_input_details()
        results = runner(**{key: quantize(value, details[key]) for key, value in inputs.items()})
        details = runner.get_output_details()
        return {key: dequantize(value, details[key]) for key, value in results.items()}

    def details(self, stage: str) -> dict[str, Any]:
        """Names, shapes, types and quantization of inputs and outputs, for people and for JSON."""
        runner = self._runner(stage)
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
