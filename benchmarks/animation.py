"""Prints rate and peak memory of animating short and long drivers.

`python benchmarks/animation.py`: every driver is animated in a process of its own, from and to an
.mp4 with sound, with the embedded weights; `--checkpoint` takes a weight file instead, and
`--random_weights` networks of the configuration, such as `--flagfile=flagfiles/vox256.flags`.
`--graphs=trained,rewritten` compares the networks as trained with the form that the command runs.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import median_seconds, peak_memory
from maskanim_tf.commands import assume_frozen_weights, run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.inference import PRECISIONS

FPS, SOUND_RATE = 25, 44100
GRAPHS = (TRAINED, CONSTANTS, VARIABLES) = ("trained", "constants", "variables")


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    frames: tuple[int, ...] = option((200, 5000), "lengths of the drivers", minimum=1)
    size: int = option(64, "height of the drivers in pixels", minimum=16)
    ending: str = option(".mp4", "of the output", choices=(".mp4", ".gif", ".webp", ""))
    checkpoint: str = option("", "weight file; the embedded one without")
    random_weights: bool = option(False, "random networks of the configuration instead")
    graphs: tuple[str, ...] = option((VARIABLES,), "what to measure, by turns", choices=GRAPHS)
    inference_precision: str = option(
        "auto", "the animate command's --precision", choices=PRECISIONS
    )
    rounds: int = option(1, "how often", minimum=1)
    measure: str = option("", "animate by this driver and print its figures (used internally)")


def main(config: Config, options: BenchmarkOptions) -> None:
    if options.measure:
        measure(config, options)
        return
    with tempfile.TemporaryDirectory() as folder:
        for count in options.frames:
            driver = os.path.join(folder, f"{count}.mp4")
            write_driver(driver, count, options.size)
            command = [sys.executable, __file__, *sys.argv[1:], f"--measure={driver}"]
            figures = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{count:6d} frames {figures.stdout.strip()}", flush=True)


def measure(config: Config, options: BenchmarkOptions) -> None:
    """Animates a picture by one driver and prints frames per second and peak memory."""
    import cv2
    import numpy as np

    from maskanim_tf.animation import animate_video
    from maskanim_tf.animation.animator_generator import AnimatorGenerator
    from maskanim_tf.inference import resolve_precision, rewrite
    from maskanim_tf.models import Animator, load_animator

    assume_frozen_weights()
    if options.random_weights:
        trained = Animator(config.model, config.perturbation)
    else:
        trained, _ = load_animator(options.checkpoint)
    driver = Path(options.measure)
    picture = str(driver.with_name("source.png"))
    cv2.imwrite(picture, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    output = driver.with_name(f"result{driver.stem}{options.ending}")
    precision = resolve_precision(options.inference_precision)
    calls = {}
    for graph in options.graphs:
        animator = trained
        if graph != TRAINED:
            animator = rewrite(trained, shared=graph == VARIABLES, precision=precision)
        calls[graph] = partial(
            animate_video, AnimatorGenerator(animator), picture, str(driver), output
        )
    print(precision, end="   ")
    for graph, seconds in median_seconds(calls, options.rounds).items():
        print(f"{graph} {int(driver.stem) / seconds:7.2f} frames/s", end="   ")
    print(f"peak memory {peak_memory():5.0f} MiB")


def write_driver(path: str, count: int, size: int) -> None:
    """A moving pattern with a tone of the same length."""
    import av
    import numpy as np

    ramp = np.arange(size, dtype=np.uint8)
    pattern = (ramp[:, None, None] * 2 + ramp[:, None] + np.arange(3, dtype=np.uint8) * 40).astype(
        np.uint8
    )
    times = np.arange(count * SOUND_RATE // FPS) / SOUND_RATE
    tone = (16000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    with av.open(path, "w") as film:
        pictures = film.add_stream("libx264", rate=FPS)
        pictures.width = pictures.height = size
        pictures.pix_fmt = "yuv420p"
        sound = film.add_stream("aac", rate=SOUND_RATE)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(np.roll(pattern, 3 * number, 1), "rgb24")
            film.mux(pictures.encode(frame))
        samples = av.AudioFrame.from_ndarray(tone[np.newaxis], "s16", "mono")
        samples.sample_rate = SOUND_RATE
        film.mux(sound.encode(samples))
        film.mux([*pictures.encode(), *sound.encode()])


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
