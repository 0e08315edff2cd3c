"""Kills runs of training and of preparation at random moments, goes on, and compares the results.

`python benchmarks/kills.py --training=100 --preparation=100`: each run is a process that is killed
(SIGKILL) at a moment drawn between its first file and its end, then started again as its error
messages say, until it is done. Checkpoints, curves, shards and index must be those of a run that
nobody disturbed, bit by bit, without any file left half-written. Prints a line per run, and what
was found; the exit status is 1 if a run differed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from tests.helpers import REPOSITORY
from tests.training.runs import TINY_FLAGS

FLAGS = [*TINY_FLAGS, "--bit_exact", "--checkpoint_every=5", "--log_every=5", "--validate_every=20"]


@dataclasses.dataclass(frozen=True)
class KillOptions(Section):
    """Options of the command."""

    training: int = option(100, "runs of training", minimum=0)
    preparation: int = option(100, "runs of preparation", minimum=0)
    steps: int = option(60, "of a run of training", minimum=5)
    clips: int = option(24, "of a run of preparation, each a shard", minimum=1)
    seed: int = option(0, "of the moments", minimum=0)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is run: its command by output folder, and whether it goes on; what its results are."""

    command: Callable[[Path], list[str]]
    first: str
    results: Callable[[Path], dict[str, str]]


def main(options: KillOptions) -> None:
    from maskanim_tf.puppets.puppet_dataset import DatasetParameters, write_dataset

    rng = np.random.default_rng(options.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        few = DatasetParameters(clips=6, test_clips=0, size=32, frames=8)
        many = DatasetParameters(clips=options.clips, test_clips=0, size=128, frames=40)

        def training(run: Path) -> list[str]:
            resume = ["--resume"] if list(run.glob("checkpoints/step-*.npz")) else []
            arguments = [f"--data_dir={folder / 'few'}", f"--max_steps={options.steps}"]
            return ["train_main.py", *FLAGS, *arguments, f"--run_dir={run}", *resume]

        def preparation(run: Path) -> list[str]:
            places = [f"--input={folder / 'many'}", f"--output={run}"]
            how = ["--image_size=128", "--encoding=png", "--clips_per_shard=1"]
            return ["-m", "maskanim_tf.data.prepare", *places, *how]

        for name, count, kind, parameters in (
            ("training", options.training, Kind(training, "config.json", of_training), few),
            (
                "preparation",
                options.preparation,
                Kind(preparation, "configuration.json", of_preparation),
                many,
            ),
        ):
            if count:
                write_dataset(str(folder / ("few" if parameters is few else "many")), parameters)
                wrong += disturb(name, kind, count, folder / name, rng)
    if wrong:
        raise SystemExit(1)


def disturb(name: str, kind: Kind, count: int, folder: Path, rng: np.random.Generator) -> int:
    """Prints what became of so many disturbed runs; returns how many were not as they should be."""
    whole = folder / "whole"
    process = start(kind, whole)
    began = wait_for(whole / kind.first, process)
    check(process)
    seconds = time.monotonic() - began
    expected = kind.results(whole)
    print(f"{name}: {seconds:.1f} s undisturbed, {len(expected)} results", flush=True)
    killed = wrong = 0
    for number in range(count):
        run = folder / f"{number:03d}"
        process = start(kind, run)
        began = wait_for(run / kind.first, process)
        moment = float(rng.uniform(0, seconds))
        try:
            process.wait(moment)
            state = "ended before"
            seconds = min(seconds, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
            state = f"{len(kind.results(run))} of {len(expected)} results"
        process.communicate()
        check(start(kind, run))
        found = kind.results(run)
        different = sorted(key for key in expected | found if expected.get(key) != found.get(key))
        left = [str(path.relative_to(run)) for path in run.rglob(".*partial*")]
        wrong += bool(different or left)
        verdict = f"differs: {different[:5]}" if different else f"left: {left}" if left else "same"
        print(f"{name} {number}: killed after {moment:.1f} s, {state}; {verdict}", flush=True)
    print(f"{name}: {killed} of {count} killed and resumed, {wrong} wrong", flush=True)
    return wrong


def start(kind: Kind, run: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *kind.command(run)],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(path: Path, process: subprocess.Popen) -> float:
    """The moment at which the path appears."""
    while not path.exists():
        if process.poll() is not None:
            raise RuntimeError(f"ended with status {process.returncode}: {process.communicate()}")
        time.sleep(0.01)
    return time.monotonic()


def check(process: subprocess.Popen) -> None:
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"ended with status {process.returncode}: {errors[-2000:]}")


def of_training(run: Path) -> dict[str, str]:
    """A digest of every array of every checkpoint, every picture and the rows of the curves."""
    results = {}
    for path in visible(run, "checkpoints/*.npz"):
        with np.load(path) as arrays:
            for name in arrays.files:
                # The configuration names the folder of the run.
                if name != "config":
                    results[f"{path.name} {name}"] = digest(arrays[name].tobytes())
    for path in [*visible(run, "**/*.png"), *visible(run, "**/*.csv")]:
        results[str(path.relative_to(run))] = digest(path.read_bytes())
    return results


def of_preparation(run: Path) -> dict[str, str]:
    """A digest of every shard, sidecar and index, and of the manifest without its places."""
    paths = [*visible(run, "**/*.npz"), *visible(run, "**/*.tfrecord")]
    results = {str(path.relative_to(run)): digest(path.read_bytes()) for path in paths}
    manifest = run / "manifest.json"
    if manifest.exists():
        splits = json.loads(manifest.read_text())["splits"]
        results[manifest.name] = digest(json.dumps(splits).encode())
    return results


def visible(run: Path, pattern: str) -> list[Path]:
    """Files that are not just being written."""
    return [path for path in run.glob(pattern) if not path.name.startswith(".")]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    run_command(main, KillOptions)
