"""Several processes that share a list of tasks, and one thread for all that is drawn in one."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# One process draws one clip: libraries that start threads of their own would only disturb others.
_ONE_THREAD = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS"),
    "OPENCV_FOR_THREADS_NUM",
)

# What OpenGL draws with belongs to the thread that made it.
_drawing = ThreadPoolExecutor(1)


def run_in_one_thread(work: Callable[..., None], *task: Any) -> None:
    """Calls `work(*task)` in the one thread of this process that does so, whoever asks for it."""
    _drawing.submit(work, *task).result()


def run_tasks(
    work: Callable[..., None], tasks: Sequence[tuple[Any, ...]], processes: int
) -> Iterator[None]:
    """Calls `work(*task)` for every task in new processes; yields once for each that is done.

    The processes are started afresh, so `work` must be a function of a module. They stop after
    their current task once this generator is closed or this process has ended in any way.

    Raises:
        RuntimeError: if a process ended unexpectedly, as one that was killed for memory.
        Exception: what `work` raised.
    """
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    started = []
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update({name: "1" for name in _ONE_THREAD})
    try:
        for _ in range(min(processes, len(tasks))):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_work_on, args=(work, tasks, counter, sender), daemon=True
            )
            process.start()
            sender.close()
            started.append((process, receiver))
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    try:
        yield from _reports(started)
    finally:
        with counter.get_lock():
            counter.value = len(tasks)
        for process, _ in started:
            process.join()


def _reports(started: list[tuple[Any, Any]]) -> Iterator[None]:
    """What the processes report, until all of them have ended."""
    running: dict[Any, Any] = {receiver: process for process, receiver in started}
    while running:
        ready: list[Any] = list(multiprocessing.connection.wait(list(running)))
        for receiver in ready:
            try:
                report: Exception | None = receiver.recv()
            except EOFError:
                process = running.pop(receiver)
                process.join()
                if process.exitcode:
                    raise RuntimeError(
                        f"a process ended with status {process.exitcode}, perhaps for lack of "
                        "memory: run the same command again to go on, with fewer --processes"
                    ) from None
                continue
            if report is not None:
                raise report
            yield


def _work_on(work: Callable[..., None], tasks: Sequence, counter: Any, sender: Any) -> None:
    """Does one task after the other until none is left or the parent is gone."""
    # Ctrl-C reaches all processes: the parent tells the others to stop after their task.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        with counter.get_lock():
            index = counter.value
            counter.value += 1
        if index >= len(tasks):
            return
        try:
            work(*tasks[index])
        except Exception as error:
            sender.send(error)
            return
        try:
            sender.send(None)
        except OSError:
            return
