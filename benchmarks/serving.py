"""Prints what serving costs: rate and latency of requests next to calling the SavedModel directly.

`python benchmarks/serving.py --model=out/models/maskanim/1`: direct calls and a local server in a
process of its own, by turns: batches of encoded frames, several clients at once.
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
        try:
            for kind, server in (("bytes", rest), ("encoded", grpc)):
                client = connect(ClientOptions(server=server, concurrency=max(options.clients)))
                client.set_source(source)
                for clients in options.clients:
                    alone = measure(direct[kind], clients, options)
                    served = measure(partial(client.animate, driving), clients, options)
                    print(f"{kind:8s} direct  {clients:3d} at once {alone}")
                    print(f"{'':8s} {server[:4]}    {clients:3d} at once {served}", flush=True)
                client.close()
        finally:
            process.terminate()
            process.communicate()


def measure(call: Callable[[], object], clients: int, options: BenchmarkOptions) -> str:
    """Frames per second, and percentiles of the time of a request."""
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
    p50, p90, p99 = np.percentile(times, (50, 90, 99)) * 1000
    return f"{rate:7.1f} frames/s   p50 {p50:6.1f}  p90 {p90:6.1f}  p99 {p99:6.1f} ms"


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
