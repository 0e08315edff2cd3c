"""Prints seconds per frame and peak memory of every runtime, and ratios to the Keras graph.

`python benchmarks/inference.py` at 256x256 and full width, or with `--flagfile=...` of a preset;
weights are random. Each runtime lives in a process of its own, all wait while one works, and rounds
go over all of them, so that a busy moment of the machine hits them alike. `_frozen` is with
TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1, as the local server and the container have it. With
`--torch_python=PATH`, an interpreter that has torch, the same networks run in PyTorch too.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import assume_frozen_weights, run_command  # Before TensorFlow.

# isort: split
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.hardware import describe_hardware, matrix_product_rate
from benchmarks.measuring import peak_memory
from maskanim_tf import keys
from maskanim_tf.config import Config, Section, option
from maskanim_tf.export import ncnn, onnx, saved_model, tflite
from maskanim_tf.export.run import open_model
from maskanim_tf.export.saved_model import SavedModelOptions
from maskanim_tf.export.signature_names import SERVING_DEFAULT
from maskanim_tf.export.stages import animate_with_runtime
from maskanim_tf.inference.precision import BFLOAT16, FLOAT32
from maskanim_tf.models import Animator

SAVED_MODELS = {
    "saved_model_plain": {"rewrite": False},
    "saved_model_plain_frozen": {"rewrite": False},
    "saved_model": {},
    "saved_model_frozen": {},
    "saved_model_constants": {"weights": "constants"},
    "saved_model_bfloat16": {"precision": BFLOAT16},
    "saved_model_bfloat16_frozen": {"precision": BFLOAT16},
}
TFLITE = {f"tflite_{precision}": precision for precision in tflite.BOUNDS}
NCNN = {f"ncnn_{precision}": precision for precision in ncnn.BOUNDS}
KERAS = "keras"
TORCH = {"torch_float32": FLOAT32, "torch_bfloat16": BFLOAT16}
RUNTIMES = (KERAS, *SAVED_MODELS, *TFLITE, "onnx", *NCNN, *TORCH)
TWIN = Path(__file__).with_name("torch_twin.py")
# What is compared with what at the end of the table.
RATIOS = (
    ("saved_model_bfloat16_frozen", "saved_model_frozen"),
    ("saved_model_bfloat16_frozen", "torch_bfloat16"),
    ("tflite_float32", KERAS),
)

Run = Callable[[np.ndarray, np.ndarray], object]


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    runs: int = option(5, "measured rounds", minimum=1)
    batches: tuple[int, ...] = option((1, 4), "driving frames of a call", minimum=1)
    runtimes: tuple[str, ...] = option(RUNTIMES, "what to measure", choices=RUNTIMES)
    torch_python: str = option("", "interpreter that has torch, for the rows torch_...")
    work: str = option("", "serve this runtime to another process (used internally)")
    folder: str = option("", "where its files are (used internally)")


def main(config: Config, options: BenchmarkOptions) -> None:
    if options.work:
        work(config, options.work, Path(options.folder))
        return
    with tempfile.TemporaryDirectory() as temporary:
        commands = {
            name: [
                *(sys.executable, __file__, *sys.argv[1:]),
                *(f"--work={name}", f"--folder={Path(temporary) / name}"),
            ]
            for name in options.runtimes
            if name not in TORCH
        }
        twins = {
            name: [options.torch_python, str(TWIN), json.dumps(config.model.to_dict()), TORCH[name]]
            for name in options.runtimes
            if name in TORCH and options.torch_python
        }
        for name in options.runtimes:
            if name in TORCH and not options.torch_python:
                print(f"{name} is skipped: --torch_python names no interpreter that has torch")
        # Files are written by other processes than they are measured in, for memory's sake.
        for name, command in tqdm(commands.items(), "writing", unit="runtime"):
            done = subprocess.run(command, input="", text=True, capture_output=True)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
                raise RuntimeError(f"{name} cannot be written: {reason}")
        pipe = subprocess.PIPE
        processes = {
            name: subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            )
            for name, command in {**commands, **twins}.items()
        }
        report(config, options, processes)


def report(
    config: Config, options: BenchmarkOptions, processes: dict[str, subprocess.Popen]
) -> None:
    """Measures in rounds and prints the table."""
    times: dict[tuple[str, int], list[float]] = {}
    rates: dict[str, list[float]] = {FLOAT32: [], BFLOAT16: []}
    # Round 0 traces and fills caches.
    for run in tqdm(range(options.runs + 1), "measuring", unit="round"):
        for precision, measured in rates.items():
            measured.append(matrix_product_rate(precision))
        for batch in options.batches:
            for name, process in processes.items():
                seconds = float(ask(process, str(batch)))
                if run:
                    times.setdefault((name, batch), []).append(seconds / batch)
    memory = {name: float(ask(process, "memory")) for name, process in processes.items()}
    for process in processes.values():
        process.stdin.close()
        process.wait()
    work_per_frame = operations(config)
    peaks = {precision: statistics.median(measured) for precision, measured in rates.items()}
    model = config.model
    print(f"{model.image_size}x{model.image_size}, width {model.width:g}, {options.runs} rounds")
    print(describe_hardware())
    listed = ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {name}" for name, peak in peaks.items())
    print(f"{work_per_frame / 1e9:.2f} GFLOP per frame as trained; peaks: {listed}")
    for batch in options.batches:
        base = statistics.median(times[next(iter(processes)), batch])
        head = f"batch {batch:2d}"
        print(f"{head:25s} s/frame   times as fast   share of peak   peak MiB")
        for name in processes:
            seconds = statistics.median(times[name, batch])
            share = work_per_frame / seconds / peaks[BFLOAT16 if BFLOAT16 in name else FLOAT32]
            print(
                f"{name:25s} {seconds:7.4f} {base / seconds:15.2f} {share:15.0%} "
                f"{memory[name]:10.0f}"
            )
        for fast, slow in RATIOS:
            if fast in processes and slow in processes:
                ratio = statistics.median(times[slow, batch]) / statistics.median(
                    times[fast, batch]
                )
                print(f"{fast} is {ratio:.2f} times as fast as {slow}")


def ask(process: subprocess.Popen, question: str) -> str:
    process.stdin.write(question + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    while answer and not answer.startswith("answer "):
        answer = process.stdout.readline()
    if not answer:
        raise RuntimeError(f"{process.args[-2]} stopped; run it alone with --runtimes to see why")
    return answer.split()[1]


def work(config: Config, name: str, folder: Path) -> None:
    """Writes the files of a runtime if they are not there, else runs it on request."""
    keras.utils.set_random_seed(0)
    if name != KERAS and not folder.exists():
        write(config, name, folder)
        return
    if name.endswith("_frozen"):
        assume_frozen_weights()
    run, size = load(config, name, folder), config.model.image_size
    rng = np.random.default_rng(0)
    for line in sys.stdin:
        if line.strip() == "memory":
            print("answer", peak_memory(), flush=True)
            continue
        driving = rng.uniform(size=(int(line), size, size, 3)).astype(np.float32)
        started = time.perf_counter()
        run(driving[:1], driving)
        print("answer", time.perf_counter() - started, flush=True)


def write(config: Config, name: str, folder: Path) -> None:
    animator = Animator(config.model, config.perturbation)
    folder.mkdir()
    if name in SAVED_MODELS:
        saved_model.save(animator, SavedModelOptions(**SAVED_MODELS[name]), folder)
    elif name in TFLITE:
        options = tflite.TfliteOptions(precision=TFLITE[name], calibration_frames=2)
        tflite.write(options, animator, config, folder)
    elif name in NCNN:
        ncnn.write(ncnn.converter(), NCNN[name], animator, config, folder)
    else:
        onnx.write(17, animator, config, folder)


def load(config: Config, name: str, folder: Path) -> Run:
    """What animates a source of batch 1 by driving frames."""
    if name == KERAS:
        animator = Animator(config.model, config.perturbation)
        frame = tf.TensorSpec((None, *[config.model.image_size] * 2, 3), tf.float32)
        call = tf.function(
            lambda source, driving: animator.animate(animator.encode_source(source), driving),
            input_signature=[frame, frame],
        )
        return lambda source, driving: call(source, driving)[keys.FRAME].numpy()
    if name in SAVED_MODELS:
        model = tf.saved_model.load(str(folder)).signatures[SERVING_DEFAULT]
        return lambda source, driving: model(
            source=tf.constant(source.repeat(len(driving), 0)), driving=tf.constant(driving)
        )[keys.FRAME].numpy()
    return partial(animate_with_runtime, open_model(folder))


def operations(config: Config) -> float:
    """Floating-point operations of a frame of the plain graph, the source's mask included."""
    animator = Animator(config.model, config.perturbation)
    frame = tf.TensorSpec((1, *[config.model.image_size] * 2, 3), tf.float32)
    graph = tf.function(animator.__call__).get_concrete_function(
        {keys.SOURCE: frame, keys.DRIVING: frame}
    )
    tf.get_logger().setLevel("ERROR")  # The profiler warns of its own helpers.
    profiler = tf.compat.v1.profiler
    settings = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    settings = settings.with_empty_output().build()
    return profiler.profile(graph.graph, options=settings).total_float_ops


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
