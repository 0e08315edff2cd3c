"""Trains: `python train_main.py --flagfile=flagfiles/small64.flags --data_dir=VIDEOS`."""

from __future__ import annotations

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from maskanim_tf.config import Config
from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.run_options import RunOptions


def main(config: Config, options: RunOptions) -> None:
    """Runs the training that the flags ask for."""
    TrainingLoop(config, options).run()


def run() -> None:
    """The command: `main` with the flags of the process."""
    run_command(main, Config, RunOptions)


if __name__ == "__main__":
    run()
