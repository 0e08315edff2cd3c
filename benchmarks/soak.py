"""Many clients for minutes while versions are swapped: failed requests, and the server's memory.

`python benchmarks/soak.py --clients=64 --minutes=10 --swaps=2`: a local server in a process of its
own answers clients that ask as fast as they are answered, without trying anything twice. Meanwhile
newer versions of the model appear in its folder and take over. Every answer must be a success, and
the same. Memory is what is left in the server after each stretch between two swaps, while nobody
asks. The first swap raises it, since TensorFlow's pool for oneDNN keeps what it took while two
versions were there; growth since then is told apart. The exit status is 1 if a request failed, a
swap did not happen, or memory grew by more than `--first_mb` or `--growth_mb`.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.served_model import served, versions_folder
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.media.frame_bytes import encode_png
from maskanim_tf.puppets import make_clip

SWAP_SECONDS = 300
REST_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class SoakOptions(Section):
    """Options of the command."""

    model: str = option(
        "", "folder of versions of a SavedModel; a small one is exported by default"
    )
    clients: int = option(64, "that ask at the same time", minimum=1)
    minutes: float = option(10.0, "all in all", above=0)
    swaps: int = option(2, "of the version", minimum=0)
    frames: int = option(1, "in a request", minimum=1)
    first_mb: float = option(64.0, "that memory may grow by at the first swap")
    growth_mb: float = option(32.0, "that memory may grow by from the first swap to the last")


def main(options: SoakOptions) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        given = versions_folder(options.model, folder / "exported")
        newest = max(int(path.name) for path in given.iterdir() if path.name.isdecimal())
        whole, versions = given / str(newest), folder / "versions"
        shutil.copytree(whole, versions / "1")
        with served(versions, "--poll_seconds=0.5", "--settle_seconds=0.5") as (process, addresses):
            crowd = Crowd(addresses["REST"], options)
            levels = []
            swapped = 0
            for version in range(1, options.swaps + 2):
                with crowd.asking():
                    if version > 1:
                        shutil.copytree(whole, versions / f".{version}")
                        (versions / f".{version}").rename(versions / str(version))
                        swapped += crowd.sees(version)
                    time.sleep(options.minutes * 60 / (options.swaps + 1))
                time.sleep(REST_SECONDS)
                levels.append(resident(process.pid))
                print(
                    f"version {version}: {sum(crowd.outcomes.values())} requests so far, "
                    f"{levels[-1]:.0f} MiB afterwards",
                    flush=True,
                )
    requests = sum(crowd.outcomes.values())
    failed = requests - crowd.outcomes["200"]
    swap = levels[min(1, options.swaps)]
    first, growth = swap - levels[0], levels[-1] - swap
    print(
        f"{options.clients} clients, {options.minutes:g} minutes, {swapped} swaps: {requests} "
        f"requests, {failed} failed {dict(crowd.outcomes)}; memory {first:+.0f} MiB at the first "
        f"swap, {growth:+.0f} MiB since then"
    )
    too_much = first > options.first_mb or growth > options.growth_mb
    if failed or swapped != options.swaps or too_much:
        raise SystemExit(1)


class Crowd:
    """Clients that ask for the same frames again and again.

    Args:
      url: of the model.
      options: of the command.

    Attributes:
      outcomes: how many requests ended how; "200" is the right answer.

    Raises:
      RuntimeError: the first request fails.
    """

    def __init__(self, url: str, options: SoakOptions):
        self.outcomes: Counter[str] = Counter()
        self._url = url
        self._clients = options.clients
        self._pool = urllib3.PoolManager(maxsize=options.clients + 1, retries=False, timeout=120)
        frames = make_clip(0, 0, size=64, frames=options.frames + 1).frames
        pictures = [{"b64": base64.b64encode(encode_png(frame)).decode()} for frame in frames]
        inputs = {
            "source_bytes": pictures[:1] * options.frames,
            "driving_bytes": pictures[1:],
        }
        self._body = json.dumps({"signature_name": "animate_bytes", "inputs": inputs})
        self._counting = threading.Lock()
        first = self._post()
        if first.status != 200:
            raise RuntimeError(f"the first request failed: {first.data[:300]!r}")
        self._expected = first.data

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """All clients ask until the block ends, and then wait for their last answer."""
        done = threading.Event()
        with ThreadPoolExecutor(self._clients) as clients:
            asked = [clients.submit(self._ask, done) for _ in range(self._clients)]
            try:
                yield
            finally:
                done.set()
            for each in asked:
                each.result()

    def sees(self, version: int) -> bool:
        """Waits until the model is served in this version alone; whether that came to be."""
        end = time.monotonic() + SWAP_SECONDS
        while time.monotonic() < end:
            answer = json.loads(self._pool.request("GET", self._url).data)
            states = {v["version"]: v["state"] for v in answer["model_version_status"]}
            if states == {str(version): "AVAILABLE"}:
                return True
            time.sleep(0.5)
        return False

    def _post(self) -> urllib3.BaseHTTPResponse:
        return self._pool.request("POST", f"{self._url}:predict", body=self._body)

    def _ask(self, done: threading.Event) -> None:
        while not done.is_set():
            try:
                answer = self._post()
                outcome = str(answer.status)
                if answer.status == 200 and answer.data != self._expected:
                    outcome = "another answer"
            except urllib3.exceptions.HTTPError as error:
                outcome = type(error).__name__
            with self._counting:
                self.outcomes[outcome] += 1


def resident(process: int) -> float:
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


if __name__ == "__main__":
    run_command(main, SoakOptions)
