"""Prints training samples per second and peak memory of the data pipeline.

`python benchmarks/data.py` makes puppet clips at 256x256 in a temporary folder, stores them as mp4
files, as frame folders and as shards, and reads each in a process of its own, A included. A large
data set of links to the same clips shows whether memory grows with the number of clips.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import peak_memory
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option

CLIPS = 100


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    folder: str = option("", "keep the clips in this folder; by default they are temporary")
    many: int = option(5000, "clips of the large data set; 0 leaves it out", minimum=0)
    seconds: float = option(20.0, "how long each pipeline is read", above=0)
    measure: str = option("", "read this data set only and print its figures (used internally)")


def main(config: Config, options: BenchmarkOptions) -> None:
    if options.measure:
        measure(config, options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.folder or temporary)
        sets = make_data_sets(folder, config.model.image_size, options.many)
        for name, location in sets.items():
            command = [sys.executable, __file__, *sys.argv[1:], f"--measure={location}"]
            figures = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{name:28s} {figures.stdout.strip()}", flush=True)


def measure(config: Config, options: BenchmarkOptions) -> None:
    """Reads batches for a while and prints samples per second and peak memory."""
    from maskanim_tf.data.dataset import make_dataset
    from maskanim_tf.keys import TRAIN

    data = config.data.replace(data_dir=options.measure, progress=False)
    config = config.replace(data=data)
    batches = iter(make_dataset(config, TRAIN))
    # The first batches fill the buffers.
    for _ in range(4):
        next(batches)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < options.seconds:
        next(batches)
        count += config.training.batch_size
    rate = count / (time.perf_counter() - started)
    print(f"{rate:7.0f} samples/s   peak memory {peak_memory():5.0f} MiB")


def make_data_sets(folder: Path, size: int, many: int) -> dict[str, Path]:
    """Clips in every form; the large sets are links to the small one, and shards of those."""
    from maskanim_tf.data.prepare.pipeline import prepare
    from maskanim_tf.data.prepare.plan import PrepareConfig
    from maskanim_tf.puppets import DatasetParameters, write_dataset

    for name, file_format in (("mp4", "mp4"), ("folders", "frames")):
        parameters = DatasetParameters(clips=CLIPS, test_clips=0, size=size, format=file_format)
        write_dataset(str(folder / name), parameters, progress=True)
    sets = {"mp4": folder / "mp4", "frame folders": folder / "folders"}
    if many:
        linked = folder / "many" / "train"
        linked.mkdir(parents=True, exist_ok=True)
        videos = sorted((folder / "mp4" / "train").glob("*.mp4"))
        for number in range(many):
            link = linked / f"clip{number:06d}.mp4"
            if not link.exists():
                os.link(videos[number % CLIPS], link)
        sets[f"mp4, {many} clips"] = folder / "many"
    shards = {}
    for name, source in list(sets.items()):
        if name != "frame folders":
            target = folder / f"{source.name}-shards"
            prepare(PrepareConfig(input=str(source), output=str(target), image_size=size))
            shards[name.replace("mp4", "shards")] = target
    return {**sets, **shards}


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
