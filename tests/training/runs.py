"""What tests of whole runs share: tiny configurations, processes, and what a run leaves."""

import csv
import json
import os
import subprocess
import sys
import time

import numpy as np

from maskanim_tf.config import DataConfig, TrainingConfig
from maskanim_tf.training.run_options import RunOptions
from tests.helpers import REPOSITORY, TINY_CONFIG

TINY_FLAGS = [
    *("--image_size=32", "--mask_scale=0.5", "--vgg_weights=random", "--vgg_width=0.05"),
    *("--pyramid_levels=2", "--batch_size=4", "--repeats=2", "--held_out=1", "--noprogress"),
    *("--low_res_generator_features=8", "--low_res_generator_residual_blocks=1"),
    *(
        f"--{network}_{option}"
        for network in ("mask_generator", "mask_refiner", "high_res_generator")
        for option in ("block_expansion=4", "max_features=8", "blocks=2")
    ),
]


def config(data_dir, steps=6, **training):
    return TINY_CONFIG.replace(
        data=DataConfig(data_dir=str(data_dir), repeats=2, held_out=1, progress=False),
        training=TrainingConfig(batch_size=4, max_steps=steps, **training),
    )


def refining_from(epoch, setting):
    """The same with a refiner that learns from that epoch on: a graph less where it never does."""
    return setting.replace(loss=setting.loss.replace(refiner_start_epoch=epoch))


def options(run_dir, **changes):
    values = {"log_every": 2, "validate_every": 3, "checkpoint_every": 2, "keep": 2}
    return RunOptions(run_dir=str(run_dir), **{**values, **changes})


def rows_of(run_dir):
    with open(run_dir / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def read_state(path):
    return json.loads(str(np.load(path)["state"]))


def start(data_dir, run_dir, *arguments, environment=None):
    command = [
        *(sys.executable, "train_main.py", *TINY_FLAGS, f"--data_dir={data_dir}"),
        *(f"--run_dir={run_dir}", "--max_steps=40", "--checkpoint_every=5", "--log_every=5"),
        *("--validate_every=20", "--bit_exact", *arguments),
    ]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def wait_for(path, *processes):
    end = time.monotonic() + 240
    while not path.exists():
        if time.monotonic() > end or any(process.poll() is not None for process in processes):
            for process in processes:
                process.kill()
            raise AssertionError((f"{path} did not appear", [p.communicate() for p in processes]))
        time.sleep(0.1)
