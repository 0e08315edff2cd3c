"""Prints what serving costs: rate and latency of requests next to calling the SavedModel directly.

`python benchmarks/serving.py --model=out/models/maskanim/1`: direct calls and a local server in a
process of its own, by turns: batches of encoded frames, several clients at once. The cost is by how
much longer a frame takes when it is served.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    model: str = option("out/models/maskanim/1", "folder of one version of a SavedModel")
    batch: int = option(4, "frames per request", minimum=1)
    clients: tuple[int, ...] = option((1, 2, 4, 8), "clients at once", minimum=1)
    seconds: float = option(5.0, "per measurement", above=0)


def main(options: BenchmarkOptions) -> None:
    import numpy as np

    from maskanim_tf.data.puppets import make_clip
    from serving.client import ClientOptions, connect, encode_png
    from serving.loaded_model import LoadedModel

    folder = Path(options.model)
    model = LoadedModel(folder, 1 << 30)
    size = model.input_specs("serving_default")["source"].shape[1]
    frames = make_clip(0, 0, size=size, frames=options.batch + 1).frames
    source, *driving = [encode_png(frame) for frame in frames]
    strings = {"driving_bytes": np.array(driving, object)}
    encoded = model.run("encode_source", {"source_bytes": np.array([source], object)})
    sources = np.array([source] * options.batch, object)
    direct = {
        "bytes": partial(model.run, "animate_bytes", {"source_bytes": sources, **strings}),
        "encoded": partial(model.run, "animate_encoded", {**encoded, **strings}),
    }
    command = [sys.executable, "-m", "serving.local", f"--model_base_path={folder.parent}"]
    with subprocess.Popen(
        [*command, "--port=0", "--grpc_port=0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        rest = process.stdout.readline().split()[1].partition("/v1/")[0]
        grpc = "grpc://" + process.stdout.readline().split()[1]
        print(f"{options.batch} frames per request, {size} pixels; latency of requests in ms")
        print(f"{'call':8s} {'way':6s} clients  frames/s     p50     p90     p99      cost")
        try:
            for kind, server in (("bytes", rest), ("encoded", grpc)):
                client = connect(ClientOptions(server=server, concurrency=max(options.clients)))
                client.set_source(source)
                for clients in options.clients:
                    alone = measure(direct[kind], clients, options)
                    served = measure(partial(client.animate, driving), clients, options)
                    print(f"{kind:8s} direct {clients:7d} {alone}")
                    print(f"{kind:8s} {server[:4]:6s} {clients:7d} {served}", end="")
                    print(f" {(alone.rate / served.rate - 1) * 100:+7.1f} %", flush=True)
                client.close()
        finally:
            process.terminate()
            process.communicate()


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Frames per second, and milliseconds that half, 90 % and 99 % of the requests stay below."""

    rate: float
    percentiles: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.rate:9.1f} " + " ".join(f"{value:7.1f}" for value in self.percentiles)


def measure(call: Callable[[], object], clients: int, options: BenchmarkOptions) -> Measurement:
    """Lets clients call again and again."""
    import numpy as np

    call()
    end = time.perf_counter() + options.seconds

    def work(_: int) -> list[float]:
        times = []
        while (started := time.perf_counter()) < end:
            call()
            times.append(time.perf_counter() - started)
        return times

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = np.concatenate(list(pool.map(work, range(clients))))
    rate = len(times) * options.batch / (time.perf_counter() - started)
    return Measurement(rate, tuple(np.percentile(times, (50, 90, 99)) * 1000))


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
