"""How well an embedding tells people apart: `python benchmarks/identities.py --clips=FILES`.

Prints the mean distance and cosine between the frames of each two clips. Those of one person should
be near, those of two far: AED and CSIM mean as much as the gap between both.

`--embedding=FILE` and the options beside it are those of the evaluation.
"""

from __future__ import annotations

import dataclasses
import glob

import numpy as np

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.methods import square_frames
from maskanim_tf.evaluation.metrics import AED, cosine_similarity, embedding_distance
from maskanim_tf.media.clips import probe_clip

SIZE = 256


@dataclasses.dataclass(frozen=True)
class IdentityOptions(Section):
    """Options of the benchmark."""

    clips: tuple[str, ...] = option((), "files or patterns of clips and pictures")
    frames: int = option(24, "of each clip, evenly spread", minimum=2)


def main(options: IdentityOptions, detector_options: DetectorOptions) -> None:
    """Prints a row and a column per clip: the mean distance, and the mean cosine."""
    detectors = open_detectors(detector_options)
    if detectors.embedding is None:
        raise ValueError(detectors.not_measured[AED])
    paths = sorted(path for pattern in options.clips for path in glob.glob(pattern))
    if not paths:
        raise ValueError(f"no clip is named by {','.join(options.clips) or '--clips'}")
    seen = {}
    for path in paths:
        frames = np.stack(list(square_frames(probe_clip(path), SIZE)))
        chosen = frames[
            np.linspace(0, len(frames) - 1, min(len(frames), options.frames)).astype(int)
        ]
        vectors = detectors.embedding(chosen).reshape(len(chosen), -1)
        seen[path] = vectors[~np.isnan(vectors).any(-1)]
        print(f"{len(seen)}: {path}, a face in {len(seen[path])} of {len(chosen)} frames")
    for one in seen.values():
        print("  ".join(_compare(one, other) for other in seen.values()))


def _compare(one: np.ndarray, other: np.ndarray) -> str:
    pairs = np.repeat(one, len(other), 0), np.tile(other, (len(one), 1))
    return f"{embedding_distance(*pairs).mean():.2f}/{cosine_similarity(*pairs).mean():.2f}"


if __name__ == "__main__":
    run_command(main, IdentityOptions, DetectorOptions)
