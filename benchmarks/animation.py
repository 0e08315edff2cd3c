"""Prints rate and peak memory of animating short and long drivers.

`python benchmarks/animation.py`: every driver is animated in a process of its own, from and to an
.mp4 with sound, with small random networks; `--checkpoint` takes a weight file instead.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.data import peak_memory
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    frames: tuple[int, ...] = option((200, 5000), "lengths of the drivers", minimum=1)
    size: int = option(64, "height of the drivers in pixels", minimum=16)
    ending: str = option(".mp4", "of the output", choices=(".mp4", ".gif", ".webp", ""))
    checkpoint: str = option("", "weight file; small random networks without")
    measure: str = option("", "animate by this driver and print its figures (used internally)")


def main(options: BenchmarkOptions) -> None:
    if options.measure:
        measure(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        for count in options.frames:
            driver = os.path.join(folder, f"{count}.mp4")
            write_driver(driver, count, options.size)
            command = [sys.executable, __file__, *sys.argv[1:], f"--measure={driver}"]
            figures = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{count:6d} frames {figures.stdout.strip()}", flush=True)


def measure(options: BenchmarkOptions) -> None:
    """Animates a picture by one driver and prints frames per second and peak memory."""
    import cv2
    import numpy as np

    from maskanim_tf.animation import animate_video
    from maskanim_tf.models import Animator, load_animator
    from tests.helpers import TINY_CONFIG, TINY_MODEL

    if options.checkpoint:
        animator, _ = load_animator(options.checkpoint)
    else:
        animator = Animator(TINY_MODEL, TINY_CONFIG.perturbation)
    folder = Path(options.measure).parent
    picture = str(folder / "source.png")
    cv2.imwrite(picture, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    output = folder / f"result{Path(options.measure).stem}{options.ending}"
    animate_video(animator, picture, options.measure, folder / f"warm{options.ending}")
    started = time.perf_counter()
    done = animate_video(animator, picture, options.measure, output)
    rate = done.frames / (time.perf_counter() - started)
    print(f"{rate:7.0f} frames/s   peak memory {peak_memory():5.0f} MiB")


def write_driver(path: str, count: int, size: int) -> None:
    """A moving pattern with a tone of the same length."""
    import numpy as np

    from tests.data.clip_files import write_sounding_video

    ramp = np.arange(size, dtype=np.uint8)
    pattern = (ramp[:, None, None] * 2 + ramp[:, None] + np.arange(3, dtype=np.uint8) * 40).astype(
        np.uint8
    )
    frames = np.stack([np.roll(pattern, 3 * index, 1) for index in range(count)])
    write_sounding_video(Path(path), frames, Fraction(25))


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
