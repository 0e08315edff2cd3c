"""Trains: `python train_main.py --flagfile=flagfiles/small64.flags --data_dir=VIDEOS`."""

from maskanim_tf.commands import run_command
from maskanim_tf.config import Config
from maskanim_tf.training.loop import RunOptions, TrainingLoop


def main(config: Config, options: RunOptions) -> None:
    """Runs the training that the flags ask for."""
    TrainingLoop(config, options).run()


if __name__ == "__main__":
    run_command(main, Config, RunOptions)
