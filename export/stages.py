"""The two functions that every runtime but TensorFlow itself is given.

| stage | inputs | outputs |
| --- | --- | --- |
| `source_mask` | `source` | `source_mask` |
| `animate` | `source`, `source_mask`, `driving` | `frame`, `perturbed_mask` |

The first runs once per picture, the second once per driving frame. The perturbed mask costs nothing
and lets a comparison tell rounding at P_test's threshold from errors (`export.parity`). All are
float32 in [0, 1], NHWC; source and its mask have batch 1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from maskanim_tf import keys

ANIMATE = "animate"
RENDER = "render"  # The part of `animate` behind P_test, where a runtime has to split it.
SOURCE_MASK = keys.SOURCE_MASK
STAGES = (SOURCE_MASK, ANIMATE)
OUTPUTS = {
    SOURCE_MASK: (keys.SOURCE_MASK,),
    ANIMATE: (keys.FRAME, keys.PERTURBED_MASK),
    RENDER: (keys.FRAME,),
}


def all_threads() -> int:
    """As many threads as there are cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Runtime(Protocol):
    """An exported model, loaded.

    Attributes:
      threads: how many it computes with.
    """

    threads: int

    @property
    def image_size(self) -> int:
        """Height and width of a frame in pixels."""

    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """Runs one of `STAGES`."""


def stage_path(folder: Path, stage: str, suffix: str) -> Path:
    """The file of a stage in the folder of an export.

    Raises:
      FileNotFoundError: there is none.
    """
    path = folder / f"{stage}{suffix}"
    if not path.is_file():
        raise FileNotFoundError(f"no {path.name} in {folder}; give the folder of such an export")
    return path


def animate_with_runtime(
    runtime: Runtime, source: np.ndarray, driving: np.ndarray
) -> dict[str, np.ndarray]:
    """Both stages for a source of batch 1, driving frames one by one."""
    mask = runtime.run(SOURCE_MASK, source=source)[keys.SOURCE_MASK]
    results = [
        runtime.run(ANIMATE, source=source, source_mask=mask, driving=driving[i : i + 1])
        for i in range(len(driving))
    ]
    joined = {key: np.concatenate([r[key] for r in results]) for key in OUTPUTS[ANIMATE]}
    return {keys.SOURCE_MASK: mask, **joined}
