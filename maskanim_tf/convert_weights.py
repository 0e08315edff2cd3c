"""Writes a small weight file: `python -m maskanim_tf.convert_weights --checkpoint=X --output=Y`.

The result holds the networks in float16 and the configuration, without what only training needs;
every command that takes a checkpoint takes it as well. The embedded weights were made with it.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np

from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.models import Networks
from maskanim_tf.models.checkpoint import CONFIG, load_animator
from maskanim_tf.models.weights import weight_arrays, write_arrays


@dataclasses.dataclass(frozen=True)
class CompactOptions(Section):
    """Options of the command."""

    checkpoint: str = option("", "checkpoint of a run, or another weight file")
    output: str = option("", "path of the small weight file, ending in .npz")


def main(options: CompactOptions) -> None:
    """Writes the small file and says how small it is."""
    if not options.checkpoint or not options.output.endswith(".npz"):
        raise ValueError("needs --checkpoint=FILE and --output=FILE.npz")
    animator, config = load_animator(options.checkpoint)
    count = write_compact(options.output, animator.networks, config)
    size = os.path.getsize(options.output) / 2**20
    print(f"{options.output}: {count:,} values, {size:.2f} MiB")


def write_compact(path: str, networks: Networks, config: Config) -> int:
    """Writes networks in float16 with their configuration; returns the number of values."""
    arrays = {key: value.astype(np.float16) for key, value in weight_arrays(networks).items()}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {**arrays, CONFIG: np.array(json.dumps(config.to_dict()))})
    return sum(value.size for value in arrays.values())


if __name__ == "__main__":
    run_command(main, CompactOptions)
