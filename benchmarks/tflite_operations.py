"""Prints what TFLite's convolutions cost beside TensorFlow's: where its time goes.

`python benchmarks/tflite_operations.py` at 256x256 and full width, or with `--flagfile=...` of a
preset; weights are random. Each kind of convolution in the exported float32 file is run alone, in
TFLite (XNNPACK) and in TensorFlow (oneDNN) in turn, with all cores, and the whole file beside them.
"""

from __future__ import annotations

import collections
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import assume_frozen_weights, run_command  # Before TensorFlow.

# isort: split
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.hardware import describe_hardware, matrix_product_rate
from benchmarks.measuring import median_seconds
from maskanim_tf.config import Config, Section, option
from maskanim_tf.export.quiet import quietly
from maskanim_tf.export.stages import ANIMATE, all_threads
from maskanim_tf.export.tflite import TfliteOptions, write
from maskanim_tf.export.tflite_runtime import SUFFIX
from maskanim_tf.models import Animator
from maskanim_tf.ops.litert import Interpreter


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    runs: int = option(5, "measured rounds", minimum=1)
    rows: int = option(12, "kinds of convolutions that are shown", minimum=1)


@dataclasses.dataclass(frozen=True)
class Kind:
    """Convolutions of the same shapes: input `[1, height, width, channels]`, kernel, output."""

    inputs: tuple[int, ...]
    kernel: tuple[int, ...]  # As TFLite has it: filters, height, width, channels.
    outputs: tuple[int, ...]

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * int(np.prod(self.outputs)) * int(np.prod(self.kernel[1:]))

    def function(self) -> tf.types.experimental.ConcreteFunction:
        """The convolution with a constant kernel and a bias."""
        rng = np.random.default_rng(0)
        kernel = rng.normal(size=(*self.kernel[1:], self.kernel[0])).astype(np.float32)
        bias = rng.normal(size=self.kernel[0]).astype(np.float32)
        stride = max(1, self.inputs[1] // self.outputs[1])
        same = -(-self.inputs[1] // stride) == self.outputs[1]

        def convolve(inputs: tf.Tensor) -> tf.Tensor:
            features = tf.nn.conv2d(inputs, kernel, stride, "SAME" if same else "VALID")
            return tf.nn.bias_add(features, bias)

        return tf.function(convolve).get_concrete_function(tf.TensorSpec(self.inputs))

    def __str__(self) -> str:
        filters, height, width, channels = self.kernel
        size = "x".join(map(str, self.inputs[1:3]))
        return f"{height}x{width}, {channels:4d} to {filters:4d} at {size}"


def main(config: Config, options: BenchmarkOptions) -> None:
    assume_frozen_weights()
    animator = Animator(config.model, config.perturbation)
    with tempfile.TemporaryDirectory() as folder:
        write(TfliteOptions(), animator, config, Path(folder))
        whole = Path(folder, ANIMATE + SUFFIX).read_bytes()
    counts = collections.Counter(kinds_in(whole))
    calls: dict[object, Callable[[], object]] = {ANIMATE: lite_call(whole)}
    for kind in tqdm(counts, "converting", unit="convolution"):
        function = kind.function()
        inputs = tf.constant(np.random.default_rng(0).normal(size=kind.inputs), tf.float32)
        with quietly():
            content = tf.lite.TFLiteConverter.from_concrete_functions([function]).convert()
        calls[kind, 0] = lite_call(content)
        calls[kind, 1] = lambda f=function, x=inputs: f(x).numpy()
    report(config, options, counts, median_seconds(calls, options.runs))


def report(
    config: Config,
    options: BenchmarkOptions,
    counts: collections.Counter[Kind],
    seconds: dict[object, float],
) -> None:
    """Prints the table, what costs most first."""
    peak = matrix_product_rate("float32")
    both = {kind: [seconds[kind, i] * number for i in (0, 1)] for kind, number in counts.items()}
    model = config.model
    print(f"{model.image_size}x{model.image_size}, width {model.width:g}, {options.runs} rounds")
    print(f"{describe_hardware()}; peak {peak / 1e9:.0f} GFLOP/s in float32")
    print(
        f"{'milliseconds and share of peak of all of a kind':44s} TFLite        TensorFlow    ratio"
    )
    ordered = sorted(counts, key=lambda kind: -both[kind][0])
    for kind in ordered[: options.rows]:
        show(f"{counts[kind]} of {kind}", kind.operations * counts[kind], peak, both[kind])
    sums = [sum(each) for each in zip(*both.values())]
    show("all convolutions", sum(k.operations * n for k, n in counts.items()), peak, sums)
    whole = seconds[ANIMATE]
    print(f"the whole file {1e3 * whole:.1f} ms: {sums[0] / whole:.0%} of it in convolutions")


def show(name: str, operations: int, peak: float, seconds: list[float]) -> None:
    lite, plain = (f"{1e3 * s:8.2f} {operations / s / peak:4.0%}" for s in seconds)
    print(f"{name:44s} {lite} {plain} {seconds[0] / seconds[1]:7.2f}")


def kinds_in(content: bytes) -> Iterator[Kind]:
    """The convolutions of a `.tflite` file."""
    # Before its tensors are allocated no delegate has taken operations over.
    interpreter = Interpreter(model_content=content)
    shapes = {
        detail["index"]: tuple(map(int, detail["shape"]))
        for detail in interpreter.get_tensor_details()
    }
    # There is no public way to the operations of a file.
    for operation in interpreter._get_ops_details():
        if operation["op_name"] == "CONV_2D":
            inputs, kernel, *_ = (shapes[index] for index in operation["inputs"])
            yield Kind(inputs, kernel, shapes[operation["outputs"][0]])


def lite_call(content: bytes) -> Callable[[], object]:
    """Runs a file on random inputs with all cores."""
    interpreter = Interpreter(model_content=content, num_threads=all_threads())
    interpreter.allocate_tensors()
    rng = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(
            detail["index"], rng.uniform(size=detail["shape"]).astype(np.float32)
        )
    return interpreter.invoke


if __name__ == "__main__":
    run_command(main, Config, BenchmarkOptions)
