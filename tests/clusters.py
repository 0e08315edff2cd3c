"""A Dask cluster of processes on this machine; workers import this module, so it loads little."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class Cluster:
    """A scheduler and its workers, each a process that can be killed by itself.

    Should the tests be killed, all of them end after a while.
    """

    def __init__(self, folder):
        self._file = folder / "scheduler.json"
        self._log = (folder / "cluster.log").open("w")
        self.scheduler = self._start("scheduler", "--port=0", "--idle-timeout=600s")
        self.workers = []
        end = time.monotonic() + 120
        while not self._file.exists():
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.05)
        self.arguments = ["--runner=DaskRunner", f"--dask_scheduler_file={self._file}"]

    def add_worker(self, threads=1):
        self.workers.append(
            self._start("worker", f"--nthreads={threads}", "--no-nanny", "--death-timeout=60")
        )

    def wait_for_workers(self):
        from distributed import Client

        with Client(scheduler_file=str(self._file), set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=120)

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self._log.close()

    def _start(self, kind, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        return subprocess.Popen(
            [*command, "--host=127.0.0.1", "--no-dashboard", f"--scheduler-file={self._file}"],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            cwd=self._file.parent,
            stdout=self._log,
            stderr=self._log,
        )


@contextlib.contextmanager
def cluster(folder, workers=2, threads=1):
    """A running cluster whose files are in a folder of its own."""
    folder.mkdir()
    running = Cluster(folder)
    try:
        for _ in range(workers):
            running.add_worker(threads)
        running.wait_for_workers()
        yield running
    finally:
        running.stop()


def note_worker(path):
    """A job: writes down which process does it."""
    time.sleep(0.1)
    Path(path).write_text(str(os.getpid()))
