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

import abc
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.ops.pixels import as_floats

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


class Runtime(FrameGenerator):
    """An exported model, loaded. Its formats say how a stage is run.

    Args:
      label: what the format is called.
      threads: to compute with; 0 for one per core.
    """

    batch_size = 1
    outputs = OUTPUTS[ANIMATE]
    finds_masks = True

    def __init__(self, label: str, threads: int) -> None:
        self.label = label
        self.threads = threads or all_threads()
        self._encoded: dict[str, np.ndarray] = {}

    @abc.abstractmethod
    def run(self, stage: str, **inputs: np.ndarray) -> Mapping[str, np.ndarray]:
        """Runs one of `STAGES`."""

    def set_source(self, source: np.ndarray) -> None:
        """See `FrameGenerator`."""
        self._encoded = {
            keys.SOURCE: as_floats(source[None]),
            SOURCE_MASK: self.masks(source[None]),
        }

    def animate(
        self,
        driving: np.ndarray,
        wanted: Sequence[str] = (keys.FRAME,),
        masks: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """See `FrameGenerator`."""
        result = self.run(ANIMATE, **self._encoded, driving=as_floats(driving))
        return {key: result[key] for key in wanted}

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """See `FrameGenerator`."""
        singles = (as_floats(frame[None]) for frame in frames)
        return np.concatenate([self.run(SOURCE_MASK, source=s)[SOURCE_MASK] for s in singles])


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
    """Both stages for a source of batch 1, as many driving frames at once as the format takes."""
    mask = runtime.run(SOURCE_MASK, source=source)[SOURCE_MASK]
    step = runtime.batch_size or len(driving)
    results = [
        runtime.run(ANIMATE, source=source, source_mask=mask, driving=driving[i : i + step])
        for i in range(0, len(driving), step)
    ]
    joined = {key: np.concatenate([r[key] for r in results]) for key in OUTPUTS[ANIMATE]}
    return {SOURCE_MASK: mask, **joined}
