"""The functions that every runtime but TensorFlow itself is given.

| stage | inputs | outputs |
| --- | --- | --- |
| `source_mask` | `source` | `source_mask` |
| `animate` | `source`, `source_mask`, `driving` | `frame`, `perturbed_mask` |
| `animate_mask` | `source`, `source_mask`, `driving_mask` | the same |

The first runs once per picture, the second once per driving frame, or the third where the frame's
mask is known: from a template, smoothed or moved. In the files they share their weights. The
perturbed mask costs nothing and lets a comparison tell rounding at P_test's threshold from errors
(`export.parity`). All are float32 in [0, 1], NHWC; source and its mask have batch 1.
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
ANIMATE_MASK = "animate_mask"
RENDER = "render"  # The part of `animate` behind P_test, where a runtime has to split it.
SOURCE_MASK = keys.SOURCE_MASK
STAGES = (SOURCE_MASK, ANIMATE, ANIMATE_MASK)
INPUTS = {
    SOURCE_MASK: (keys.SOURCE,),
    ANIMATE: (keys.SOURCE, keys.SOURCE_MASK, keys.DRIVING),
    ANIMATE_MASK: (keys.SOURCE, keys.SOURCE_MASK, keys.DRIVING_MASK),
    RENDER: (keys.SOURCE, keys.SOURCE_MASK, keys.PERTURBED_MASK),
}
OUTPUTS = {
    SOURCE_MASK: (keys.SOURCE_MASK,),
    ANIMATE: (keys.FRAME, keys.PERTURBED_MASK),
    ANIMATE_MASK: (keys.FRAME, keys.PERTURBED_MASK),
    RENDER: (keys.FRAME,),
}


def all_threads() -> int:
    """As many threads as there are cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Runtime(FrameGenerator):
    """An exported model, loaded. Its formats say how files are opened, and how a stage is run.

    Args:
      folder: that an exporter wrote.
      threads: to compute with; 0 for one per core.

    Raises:
      FileNotFoundError: a file is not there.
      ValueError: it is none of the format, or the package that runs it is not installed.
    """

    batch_size = 1
    outputs = OUTPUTS[ANIMATE]
    finds_masks = takes_masks = True

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder = folder
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
        if masks is None:
            result = self.run(ANIMATE, **self._encoded, driving=as_floats(driving))
        else:
            result = self.run(ANIMATE_MASK, **self._encoded, driving_mask=masks)
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
    runtime: Runtime, source: np.ndarray, driving: np.ndarray, stage: str = ANIMATE
) -> dict[str, np.ndarray]:
    """A source of batch 1 by as many driving frames at once as the format takes.

    Args:
      runtime: whose stages they are.
      source: float32 `[1, image_size, image_size, 3]` in [0, 1].
      driving: the same of any number.
      stage: `ANIMATE`, or `ANIMATE_MASK` by way of the frames' masks.
    """

    def mask_of(frame: np.ndarray) -> np.ndarray:
        return runtime.run(SOURCE_MASK, source=frame)[SOURCE_MASK]

    key, mask = keys.DRIVING, mask_of(source)
    if stage == ANIMATE_MASK:
        key, driving = keys.DRIVING_MASK, np.concatenate([mask_of(d[None]) for d in driving])
    step = runtime.batch_size or len(driving)
    results = [
        runtime.run(stage, source=source, source_mask=mask, **{key: driving[i : i + step]})
        for i in range(0, len(driving), step)
    ]
    joined = {key: np.concatenate([r[key] for r in results]) for key in OUTPUTS[ANIMATE]}
    return {SOURCE_MASK: mask, **joined}
