"""Prints steps per second in float32 and bfloat16, and where the time of a step goes.

`python benchmarks/training.py --flagfile=flagfiles/small64.flags` or, for one step at full width,
`--flagfile=flagfiles/vox256.flags --vgg_weights=random --batch_size=2 --steps=1`, on puppets.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.hardware import describe_hardware, matrix_product_rate
from benchmarks.measuring import median_seconds, peak_memory
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.config.sections import PRECISIONS
from maskanim_tf.data.dataset import make_dataset
from maskanim_tf.inference.precision import BFLOAT16, FLOAT32
from maskanim_tf.keys import TRAIN
from maskanim_tf.losses import load_vgg
from maskanim_tf.puppets import DatasetParameters, write_dataset
from maskanim_tf.training.trainer import Trainer

FORWARD, BACKWARD, UPDATE = ("forward", "backward", "update")


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    steps: int = option(20, "measured steps", minimum=1)
    jit: bool = option(False, "networks compiled by XLA")
    compare: tuple[str, ...] = option(
        ("float32", "mixed_bfloat16"), "precisions to measure", choices=PRECISIONS
    )


def main(config: Config, options: BenchmarkOptions) -> None:
    with tempfile.TemporaryDirectory() as folder:
        size = config.model.image_size
        write_dataset(folder, DatasetParameters(clips=16, test_clips=0, size=size, format="avi"))
        config = config.replace(data=config.data.replace(data_dir=folder, progress=False))
        batches = iter(make_dataset(config, TRAIN))
        batch = next(batches)
        data = median_seconds({TRAIN: lambda: next(batches)}, options.steps)[TRAIN]
    calls: dict[tuple[str, str], Callable[[], object]] = {}
    for precision in options.compare:
        chosen = config.replace(training=config.training.replace(precision=precision))
        parts = calls_of(chosen, batch, options.jit)
        calls.update({(precision, name): call for name, call in parts.items()})
    medians = median_seconds(calls, options.steps)
    print(f"{size}x{size}, width {config.model.width:g}, batch {config.training.batch_size}")
    print(describe_hardware())
    for precision in (FLOAT32, BFLOAT16):
        rate = statistics.median(matrix_product_rate(precision) for _ in range(3))
        print(f"{precision} matrix product: {rate / 1e9:.0f} GFLOP/s")
    for precision in options.compare:
        print_parts(precision, medians)
    first = options.compare[0]
    for precision in options.compare[1:]:
        ratio = medians[first, UPDATE] / medians[precision, UPDATE]
        print(f"{precision} makes {ratio:.2f} times as many steps per second as {first}")
    print(f"data: {data:.3f} s a batch on its own; prepared during the step")
    print(f"peak memory of all together: {peak_memory():.0f} MiB")


def calls_of(
    config: Config, batch: dict[str, tf.Tensor], jit: bool
) -> dict[str, Callable[[], object]]:
    """A forward pass, one with gradients, and a whole step."""
    trainer = Trainer(config, load_vgg(config.loss, precision=config.training.precision), jit)
    variables = [v for term in trainer.optimizers for v in trainer.learners(term)]

    def total() -> tf.Tensor:
        return tf.add_n([tf.reduce_sum(term) for term in trainer.losses_of(batch).values()])

    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = total()
        return tape.gradient(loss, variables)

    return {
        FORWARD: tf.function(total),
        BACKWARD: tf.function(gradients),
        UPDATE: tf.function(lambda: trainer.train_step(batch)),
    }


def print_parts(precision: str, medians: dict[tuple[str, str], float]) -> None:
    """Steps per second, and what part of a step each of its parts takes."""
    forward, backward, step = (medians[precision, name] for name in (FORWARD, BACKWARD, UPDATE))
    print(f"{precision}: {1 / step:.2f} steps per second ({step:.3f} s)")
    parts = {FORWARD: forward, BACKWARD: backward - forward, UPDATE: step - backward}
    for name, seconds in parts.items():
        print(f"  {name:9s} {seconds:7.3f} s  {seconds / step:6.1%} of the step")


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
