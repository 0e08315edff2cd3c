"""Runs ONNX files with ONNX Runtime; its one door outside the evaluation's detectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maskanim_tf import keys
from maskanim_tf.export.stages import ANIMATE, SOURCE_MASK, Runtime, stage_path

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

SUFFIX = ".onnx"


class OnnxRuntime(Runtime):
    """The stages of a folder that `export.onnx` wrote."""

    label = "ONNX"
    batch_size = 0

    def __init__(self, folder: Path, threads: int = 0) -> None:
        if onnxruntime is None:
            raise ValueError("ONNX files need onnxruntime: pip install onnxruntime")
        super().__init__(folder, threads)
        self._sessions: dict[str, Any] = {}
        self._session(SOURCE_MASK)
        inputs = {value.name: value.shape for value in self._session(ANIMATE).get_inputs()}
        self.image_size = int(inputs[keys.DRIVING][1])

    def _session(self, stage: str) -> Any:
        """What runs a stage; it takes memory, so that the third is made when it is first wanted."""
        if stage in self._sessions:
            return self._sessions[stage]
        path = stage_path(self.folder, stage, SUFFIX)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        providers = onnxruntime.get_available_providers()
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # Its errors have no common base of their own.
            raise ValueError(f"{path} is no readable ONNX model; export it again") from error
        self._sessions[stage] = session
        return session

    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """See `Runtime.run`; driving frames may be of any number."""
        session = self._session(stage)
        outputs = [value.name for value in session.get_outputs()]
        return dict(zip(outputs, session.run(outputs, inputs)))
