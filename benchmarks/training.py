"""Prints steps per second, where the time of a step goes, and peak memory.

`python benchmarks/training.py --flagfile=flagfiles/small64.flags` or, for one step at full width,
`--flagfile=flagfiles/vox256.flags --vgg_weights=random --batch_size=2 --steps=1`, on puppets.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.data import peak_memory
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.dataset import make_dataset
from maskanim_tf.data.puppets import DatasetParameters, write_dataset
from maskanim_tf.losses import load_vgg
from maskanim_tf.names import TRAIN
from maskanim_tf.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    steps: int = option(20, "measured steps", minimum=1)
    jit: bool = option(False, "networks compiled by XLA")


def main(config: Config, options: BenchmarkOptions) -> None:
    with tempfile.TemporaryDirectory() as folder:
        size = config.model.image_size
        write_dataset(folder, DatasetParameters(clips=16, test_clips=0, size=size, format="avi"))
        config = config.replace(data=config.data.replace(data_dir=folder, progress=False))
        batches = iter(make_dataset(config, TRAIN))
        batch = next(batches)
        data = timed(lambda: next(batches), options.steps)
    trainer = Trainer(config, load_vgg(config.loss), options.jit)
    variables = [v for term in trainer.optimizers for v in trainer.learners(term)]

    def total() -> tf.Tensor:
        return tf.add_n([tf.reduce_sum(term) for term in trainer.losses_of(batch).values()])

    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = total()
        return tape.gradient(loss, variables)

    whole = {
        "forward": tf.function(total),
        "backward": tf.function(gradients),
        "update": tf.function(lambda: trainer.train_step(batch)),
    }
    for call in whole.values():
        call()  # Traces.
    times = {name: timed(call, options.steps) for name, call in whole.items()}
    step = times["update"]
    parts = {
        "forward": times["forward"],
        "backward": times["backward"] - times["forward"],
        "update": times["update"] - times["backward"],
    }
    print(f"{size}x{size}, width {config.model.width:g}, batch {config.training.batch_size}")
    print(f"{1 / step:.2f} steps per second ({step:.3f} s), peak memory {peak_memory():.0f} MiB")
    for name, seconds in parts.items():
        print(f"  {name:9s} {seconds:7.3f} s  {seconds / step:6.1%} of the step")
    print(f"  {'data':9s} {data:7.3f} s  {data / step:6.1%}, on its own; prepared during the step")


def timed(call: Callable[[], object], count: int) -> float:
    """Median seconds of a call."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[count // 2]


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
