"""Ctrl-C and the signals that end a process, so that `finally` runs and the exit status tells."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
# A closed terminal, a stopped container or job, Ctrl-C. Python ends at once for all but the last,
# without cleaning up.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# Shells add the number of the signal to it.
STATUS_BASE = 128

_received: list[int] = []


class InterruptedRunError(RuntimeError):
    """Work that was asked to stop has saved what it needs to go on.

    Args:
      message: for the user.
      number: of the signal that asked for it.
    """

    def __init__(self, message: str, number: int = signal.SIGINT):
        super().__init__(message)
        self.status = STATUS_BASE + number


def interruptible(items: Iterable[T]) -> Iterator[T]:
    """The items; raises KeyboardInterrupt between two of them once a signal has come.

    Python raises it by itself, but some libraries drop it: TensorFlow while it traces a graph, and
    callbacks of the garbage collector. A loop that takes long would then go on.
    """
    for item in items:
        if _received:
            raise KeyboardInterrupt
        yield item


def interrupt_status() -> int:
    """The exit status after a KeyboardInterrupt: 130 after Ctrl-C, 143 after SIGTERM."""
    return STATUS_BASE + (_received[0] if _received else signal.SIGINT)


@contextlib.contextmanager
def noted_signals() -> Iterator[None]:
    """Turns each of `SIGNALS` into a KeyboardInterrupt that `interruptible` knows of.

    A signal that the process was started to ignore, as `nohup` does it, stays ignored.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        # Signals belong to the main thread.
        yield
        return
    before = {}
    for number in SIGNALS:
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    # What a closing terminal or a service manager sends besides must not end the cleaning up.
    if len(_received) == 1 or number == signal.SIGINT:
        raise KeyboardInterrupt
