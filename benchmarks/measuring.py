"""What benchmarks measure time and memory with."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

Key = TypeVar("Key", bound=Hashable)


def median_seconds(calls: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, float]:
    """Median seconds of each call.

    Rounds go over all of them, so that a busy moment of the machine hits them alike.
    """
    times: dict[Key, list[float]] = {key: [] for key in calls}
    # Round 0 traces and fills caches.
    for number in tqdm(range(rounds + 1), "measuring", unit="round"):
        for key, call in calls.items():
            started = time.perf_counter()
            call()
            if number:
                times[key].append(time.perf_counter() - started)
    return {key: statistics.median(measured) for key, measured in times.items()}


def peak_memory() -> float:
    """Peak resident memory of this process in MiB; `getrusage` would count its parent's as well."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def own_memory(pid: int) -> float:
    """Memory that no other process shares, in MiB; 0 for a process that has gone."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
    return 0.0
