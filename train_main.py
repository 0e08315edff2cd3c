"""Trains: `python train_main.py --flagfile=flagfiles/small64.flags --data_dir=VIDEOS`."""

from maskanim_tf.commands import run_command
from maskanim_tf.config import Config
from maskanim_tf.train import main
from maskanim_tf.training.loop import RunOptions

if __name__ == "__main__":
    run_command(main, Config, RunOptions)
