"""Rate and delay of a live session, with a film in place of the camera.

`python benchmarks/live.py --seconds=30` uses the embedded weights and samples, `--checkpoint=FILE`
others. The film is repeated. Delays are from the moment the camera gives a frame until its result
was handed to who shows it. Memory is what the process has of its own, again and again, for leaks
to show.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import assume_frozen_weights, run_command, say  # Before TensorFlow.

# isort: split
from benchmarks.measuring import own_memory
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.animation.live import LiveSession, open_camera, perform
from maskanim_tf.animation.options import MOTIONS, RELATIVE
from maskanim_tf.config import Section, option
from maskanim_tf.inference import PRECISIONS, resolve_precision, rewrite
from maskanim_tf.live import read_sources
from maskanim_tf.models import load_animator
from maskanim_tf.samples import PORTRAIT, SPEAKER


@dataclasses.dataclass(frozen=True)
class LiveBenchmarkOptions(Section):
    """Options of the benchmark."""

    checkpoint: str = option("", "weight file of a run; the embedded one without")
    precision: str = option("auto", "what networks compute in", choices=PRECISIONS)
    motion: str = option(RELATIVE, "as of the live command", choices=MOTIONS)
    source: str = option(str(PORTRAIT), "picture to animate")
    camera: str = option(str(SPEAKER), "film in place of the camera")
    seconds: float = option(20.0, "how long to measure", above=0)
    output: str = option("", "film to record meanwhile")
    every_seconds: float = option(60.0, "between two looks at memory", above=0)


class Repeated:
    """A film that begins again and again."""

    def __init__(self, path):
        self.label = path
        self._path = path
        self._film = open_camera(path)

    def read(self):
        frame = self._film.read()
        if frame is None:
            self._film = open_camera(self._path)
            frame = self._film.read()
        return frame

    def close(self):
        self._film.close()


def main(options: LiveBenchmarkOptions) -> None:
    animator, config = load_animator(options.checkpoint)
    precision = resolve_precision(options.precision, say)
    generator = AnimatorGenerator(rewrite(animator, shared=True, precision=precision))
    sources = read_sources(options.source, generator.image_size)
    relative = options.motion == RELATIVE
    with LiveSession(generator, Repeated(options.camera), sources, relative) as session:
        begin = time.process_time()
        ended = threading.Event()
        watcher = threading.Thread(target=watch, args=(options.every_seconds, ended))
        watcher.start()
        report = perform(
            session,
            record=options.output,
            recording=bool(options.output),
            seconds=options.seconds,
        )
        busy = time.process_time() - begin
        ended.set()
        watcher.join()
    size = config.model.image_size
    print(f"{size}x{size}, {precision}, {options.motion}: {report}")
    print(f"processor {busy / report.seconds:.2f} cores")


def watch(every_seconds: float, ended: threading.Event) -> None:
    """Prints memory until it is to end."""
    begin = time.monotonic()
    while True:
        minutes = (time.monotonic() - begin) / 60
        print(f"{minutes:6.2f} minutes {own_memory(os.getpid()):7.1f} MiB", flush=True)
        if ended.wait(every_seconds):
            return


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, LiveBenchmarkOptions)
