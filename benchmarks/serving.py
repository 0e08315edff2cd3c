"""Prints what serving costs: rate and latency of requests next to calling the SavedModel directly.

`python benchmarks/serving.py --model=out/models/maskanim/1`: direct calls and a local server in a
process of its own, by turns: batches of encoded frames, several clients at once. The cost is by how
much longer a frame takes when it is served.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.served_model import served
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    model: str = option("out/models/maskanim/1", "folder of one version of a SavedModel")
    batch: int = option(4, "frames per request", minimum=1)
    clients: tuple[int, ...] = option((1, 2, 4, 8), "clients at once", minimum=1)
    seconds: float = option(10.0, "per measurement", above=0)
    turns: int = option(10, "that it is divided into", minimum=1)


def main(options: BenchmarkOptions) -> None:
    import numpy as np

    from maskanim_tf.media.frame_bytes import encode_png
    from maskanim_tf.puppets import make_clip
    from maskanim_tf.serving.client import ClientOptions, connect
    from maskanim_tf.serving.loaded_model import LoadedModel

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
    with served(folder.parent, "--grpc_port=0", "--page_animations=0") as (_, addresses):
        rest, grpc = addresses["REST"].partition("/v1/")[0], "grpc://" + addresses["gRPC"]
        print(f"{options.batch} frames per request, {size} pixels; latency of requests in ms")
        print(f"{'call':8s} {'way':6s} clients  frames/s     p50     p90     p99      cost")
        for kind, server in (("bytes", rest), ("encoded", grpc)):
            client = connect(ClientOptions(server=server, concurrency=max(options.clients)))
            client.set_source(source)
            for clients in options.clients:
                calls = (direct[kind], partial(client.animate, driving))
                alone, remote = measure(calls, clients, options)
                print(f"{kind:8s} direct {clients:7d} {alone}")
                print(f"{kind:8s} {server[:4]:6s} {clients:7d} {remote}", end="")
                print(f" {(alone.rate / remote.rate - 1) * 100:+7.1f} %", flush=True)
            client.close()


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Frames per second, and milliseconds that half, 90 % and 99 % of the requests stay below."""

    rate: float
    percentiles: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.rate:9.1f} " + " ".join(f"{value:7.1f}" for value in self.percentiles)


def measure(
    calls: Sequence[Callable[[], object]], clients: int, options: BenchmarkOptions
) -> list[Measurement]:
    """Lets clients make calls again and again, each kind in short turns with the others."""
    import numpy as np

    latencies: list[list[float]] = [[] for _ in calls]
    spent = [0.0 for _ in calls]

    def work(call: Callable[[], object], end: float) -> list[float]:
        times = []
        while (started := time.perf_counter()) < end:
            call()
            times.append(time.perf_counter() - started)
        return times

    with ThreadPoolExecutor(clients) as pool:
        # Turn 0 fills caches.
        for turn in range(options.turns + 1):
            for index, call in enumerate(calls):
                started = time.perf_counter()
                end = started + options.seconds / options.turns
                times = list(pool.map(work, [call] * clients, [end] * clients))
                if turn:
                    spent[index] += time.perf_counter() - started
                    latencies[index] += [time for part in times for time in part]
    return [
        Measurement(
            len(times) * options.batch / seconds,
            tuple(np.percentile(times, (50, 90, 99)) * 1000),
        )
        for times, seconds in zip(latencies, spent)
    ]


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
