"""Prints rate, delay and memory of a camera on the pages, again and again, for leaks to show.

`python benchmarks/page_live.py --model_base_path=out/models/maskanim --minutes=10`: the page of the
local server, which runs in a process of its own. `--web=out/web` instead: the page without a
server. Both in the system's Chromium, whose camera is the film of the embedded speaker. Memory is
what processes have of their own, in MiB; the page's JavaScript is counted in `heap` once more.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.server
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import own_memory
from benchmarks.served_model import served
from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.media.footage import open_footage
from maskanim_tf.samples import SPEAKER
from tests.browsers import camera_flags, chromium, find_chromium

MEBIBYTE = 1 << 20


@dataclasses.dataclass(frozen=True)
class BenchmarkOptions(Section):
    """Options of the command."""

    model_base_path: str = option("out/models/maskanim", "folder of the versions of a SavedModel")
    web: str = option("", "folder of export.web, for the page without a server")
    minutes: float = option(10.0, "how long it runs", above=0)
    every_seconds: float = option(15.0, "between two lines", above=0)


def main(options: BenchmarkOptions) -> None:
    if find_chromium() is None:
        raise RuntimeError("there is no chromium on the PATH")
    page = served_folder(options.web) if options.web else served_model(options.model_base_path)
    with tempfile.TemporaryDirectory() as folder, page as (address, server):
        flags = camera_flags(Path(folder) / "camera.mjpeg", open_footage(SPEAKER).frames())
        with chromium("--js-flags=--expose-gc", *flags) as browser:
            watch(browser, address, server, options)


def watch(browser: Any, address: str, server: int | None, options: BenchmarkOptions) -> None:
    """Starts the camera and prints a line now and then."""
    tab = browser.new_page()
    tab.goto(address)
    tab.check("input[value=camera]", force=True)
    tab.click("#animate")
    tab.wait_for_selector("#status:has-text('frames per second')", timeout=120_000)
    figures = tab.context.new_cdp_session(tab)
    figures.send("Performance.enable")
    begun = time.monotonic()
    print("minutes  server  browser    heap  what the page says", flush=True)
    while (passed := time.monotonic() - begun) < options.minutes * 60:
        tab.wait_for_timeout(1000 * options.every_seconds)
        # What is free, but not collected yet, does not count.
        # Workers of WebAssembly itself do not listen.
        for thread in (tab, *(each for each in tab.workers if each.url.endswith("worker.js"))):
            thread.evaluate("gc()")
        metrics = {
            each["name"]: each["value"]
            for each in figures.send("Performance.getMetrics")["metrics"]
        }
        if tab.is_visible("#error"):
            raise RuntimeError(tab.inner_text("#error"))
        own = sum(own_memory(pid) for pid in renderers())
        print(
            f"{(passed + options.every_seconds) / 60:7.2f}"
            f" {own_memory(server) if server else 0:7.1f} {own:8.1f}"
            f" {metrics['JSHeapUsedSize'] / MEBIBYTE:7.1f}  {tab.inner_text('#status')}",
            flush=True,
        )


@contextlib.contextmanager
def served_model(base_path: str) -> Iterator[tuple[str, int]]:
    """Address and process of a local server."""
    with served(Path(base_path)) as (process, addresses):
        yield addresses["page"], process.pid


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Tells nothing of what is asked for."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def served_folder(folder: str) -> Iterator[tuple[str, None]]:
    """Address of a server of static files; there is no process to watch."""
    handler = functools.partial(QuietHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", None
        server.shutdown()


def renderers() -> list[int]:
    """Processes of Chromium that show pages and that this program has started."""
    mine = {process_id(Path("/proc/self"))}
    found = []
    # A process has a larger number than the one that started it, but for wrapped ones.
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=process_id):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in mine:
                mine.add(process_id(folder))
                if b"--type=renderer" in (folder / "cmdline").read_bytes():
                    found.append(process_id(folder))
    return found


def process_id(folder: Path) -> int:
    """The number of a process from its folder in /proc."""
    return int(folder.resolve().name)


if __name__ == "__main__":
    run_command(main, BenchmarkOptions)
