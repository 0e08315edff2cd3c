"""Exports of this Python opened by another one: `benchmarks/other_tensorflow.py --python=OTHER`.

Exports are made here, and the same film is animated with them by both; the other Python has another
TensorFlow, or is another Python. Weight files are compared likewise. Frames are PNGs.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.samples import PORTRAIT, SPEAKER

FORMATS = ("saved_model", "tflite", "onnx")
VERSIONS = """
import platform, keras, tensorflow as tf
print(platform.python_version(), tf.__version__, keras.__version__)
"""


@dataclasses.dataclass(frozen=True)
class OtherOptions(Section):
    """Options of the benchmark."""

    python: str = option("", "the other Python, with this project's packages")
    checkpoint: str = option("", "weight file of a run; the embedded one without")
    formats: tuple[str, ...] = option(FORMATS, "what is exported", choices=FORMATS)


def main(options: OtherOptions) -> None:
    """Prints the largest and the mean difference of frames per format, in levels of 255."""
    if not options.python:
        raise ValueError("python is empty; give the other one with --python=PATH")
    pythons = {"here": sys.executable, "there": options.python}
    for where, python in pythons.items():
        print(f"{where}: Python, TensorFlow, Keras {_run(python, '-c', VERSIONS).splitlines()[-1]}")
    with tempfile.TemporaryDirectory() as folder:
        weights = f"--checkpoint={options.checkpoint}"
        footage = (f"--source={PORTRAIT}", f"--driving={SPEAKER}")
        commands = {"weights": ("maskanim_tf.animate", weights, "--precision=float32")}
        for form in options.formats:
            model = f"{folder}/{form}"
            _run(sys.executable, "-m", f"maskanim_tf.export.{form}", weights, f"--output={model}")
            inner = f"{model}/maskanim" if form == "saved_model" else model
            commands[form] = ("maskanim_tf.export.run", f"--model={inner}")
        for name, command in commands.items():
            frames = []
            for where, python in pythons.items():
                output = Path(folder) / f"{name}-{where}"
                _run(python, "-m", *command, *footage, f"--output={output}")
                frames.append(
                    np.stack([cv2.imread(str(path)) for path in sorted(output.glob("*.png"))])
                )
            difference = np.abs(frames[0].astype(int) - frames[1])
            print(
                f"{name}: {len(frames[0])} frames, largest difference {difference.max()} of 255, "
                f"mean {difference.mean():.5f}"
            )


def _run(*command: str) -> str:
    """What a command prints.

    Raises:
      RuntimeError: it failed.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()


if __name__ == "__main__":
    run_command(main, OtherOptions)
