"""Prints the forward time of each network: `python benchmarks/forward.py --flagfile=...`."""

from __future__ import annotations

import dataclasses
import sys
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import median_seconds
from maskanim_tf import keys
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.models import Animator


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    runs: int = option(7, "measured runs of each network", minimum=1)
    batch: int = option(1, "frames in a batch", minimum=1)


def main(config: Config, options: BenchmarkOptions) -> None:
    animator = Animator(config.model, config.perturbation)
    size, small = config.model.image_size, config.model.mask_size
    rng = np.random.default_rng(0)

    def frames(side: int, channels: int) -> tf.Tensor:
        return tf.constant(rng.uniform(size=(options.batch, side, side, channels)), tf.float32)

    masks = {keys.SOURCE_SMALL: frames(small, 3), keys.SOURCE_MASK: frames(small, 1)}
    inputs = {
        animator.networks.mask_generator: frames(size, 3),
        animator.networks.mask_refiner: {**masks, keys.PERTURBED_MASK: frames(small, 1)},
        animator.networks.low_res_generator: {**masks, keys.DRIVING_MASK: frames(small, 1)},
        animator.networks.high_res_generator: {
            keys.SOURCE: frames(size, 3),
            keys.SOURCE_MASK: frames(size, 1),
            keys.COARSE: frames(size, 3),
            keys.DRIVING_MASK: frames(size, 1),
        },
        animator: {keys.SOURCE: frames(size, 3), keys.DRIVING: frames(size, 3)},
    }
    calls = {
        network.name: partial(tf.function(partial(network, training=False)), x)
        for network, x in inputs.items()
    }
    times = median_seconds(calls, options.runs)
    print(
        f"{size}x{size}, width {config.model.width:g}, batch {options.batch}, "
        f"median of {options.runs}"
    )
    for name, seconds in times.items():
        share = seconds / times["animator"]
        print(f"{name:20s} {1000 * seconds:9.1f} ms  {share:6.1%} of the animator")


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
