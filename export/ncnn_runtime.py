"""Runs ncnn models, the runtime of phones and small boards; its one door.

ncnn cannot find a median, so P_test runs between the two stages, here, in NumPy: no TensorFlow is
loaded. Its settings stand beside the files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.export.stages import (
    ANIMATE,
    ANIMATE_MASK,
    INPUTS,
    RENDER,
    SOURCE_MASK,
    Runtime,
    stage_path,
)

# Its threads would wait for each other in busy loops, fifty times slower where cores are shared. A
# value that the user has set stays. It must be set before the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
try:
    import ncnn
except ImportError:
    ncnn = None

PARAM, BIN = ".param", ".bin"
SETTINGS = "animate.json"
# Between them lies P_test.
NETS = (SOURCE_MASK, RENDER)


class NcnnRuntime(Runtime):
    """The stages of a folder that `export.ncnn` wrote."""

    label = "ncnn"

    def __init__(self, folder: Path, threads: int = 0) -> None:
        if ncnn is None:
            raise ValueError("ncnn models need the package ncnn: pip install ncnn")
        super().__init__(folder, threads)
        self._nets = {stage: self._open(stage) for stage in NETS}
        settings = json.loads(stage_path(folder, ANIMATE, ".json").read_text())
        self._perturbation = None
        if settings["perturbation"] is not None:
            self._perturbation = PerturbationConfig.from_dict(settings["perturbation"])
        self.image_size = int(settings["image_size"])
        self._mirrored_masks = settings.get("mirrored_masks", False)

    def _open(self, stage: str) -> Any:
        param, weights = (stage_path(self.folder, stage, suffix) for suffix in (PARAM, BIN))
        net = ncnn.Net()
        net.opt.num_threads = self.threads
        # Weights of 16 bits are one thing, arithmetic another.
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        if net.load_param(str(param)) or net.load_model(str(weights)):
            raise ValueError(f"{param} is no readable ncnn model; export it again")
        return net

    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """See `Runtime.run`."""
        if stage == SOURCE_MASK:
            return {keys.SOURCE_MASK: self._mask(inputs[keys.SOURCE])}
        if stage == ANIMATE_MASK:
            mask = inputs[keys.DRIVING_MASK]
        else:
            mask = self._mask(inputs[keys.DRIVING])
        if self._perturbation is not None:
            mask = perturbed(mask, self._perturbation)
        frame = self._run(RENDER, {**inputs, keys.PERTURBED_MASK: mask})
        return {keys.FRAME: frame, keys.PERTURBED_MASK: mask}

    def _mask(self, frame: np.ndarray) -> np.ndarray:
        mask = self._run(SOURCE_MASK, {keys.SOURCE: frame})
        if self._mirrored_masks:
            mirrored = self._run(SOURCE_MASK, {keys.SOURCE: frame[:, :, ::-1]})
            mask = (mask + mirrored[:, :, ::-1]) / 2
        return mask

    def _run(self, stage: str, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """One net, from and to NHWC with batch 1."""
        extractor = self._nets[stage].create_extractor()
        # Names that the converter gives: in0, in1, ... in the order of inputs, and out0.
        for index, name in enumerate(INPUTS[stage]):
            planes = np.ascontiguousarray(inputs[name][0].transpose(2, 0, 1), np.float32)
            # A Mat does not keep the array alive that it was made from.
            extractor.input(f"in{index}", ncnn.Mat(planes).clone())
        status, result = extractor.extract("out0")
        if status:
            raise RuntimeError(f"ncnn cannot run {stage} (status {status}); export it again")
        return np.array(result).transpose(1, 2, 0)[np.newaxis]


def perturbed(mask: np.ndarray, config: PerturbationConfig) -> np.ndarray:
    """P_test as `maskanim_tf.ops.perturbation` has it, of one mask `[1, side, side, 1]`."""
    level = np.median(mask) if config.threshold == "median" else np.float32(config.fixed_threshold)
    kept = np.where(mask >= level, mask, 0)[0, ..., 0]
    border = round(len(kept) * config.shrink / 2)
    inner = len(kept) - 2 * border
    return np.pad(cv2.resize(kept, (inner, inner)), border)[np.newaxis, ..., np.newaxis]
