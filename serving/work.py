"""Where models compute: a few threads, a queue of limited length, a time limit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from maskanim_tf.serving.contract import ServingError

T = TypeVar("T")


class WorkQueue:
    """Runs functions of an asyncio program in threads.

    A function whose client has gone, or waited too long, is not begun; one that has begun runs to
    its end and still counts, since a graph cannot be stopped.

    Args:
      threads: functions that run at once.
      length: functions that run or wait.
      timeout: seconds until an answer is given up.
    """

    def __init__(self, threads: int, length: int, timeout: float):
        self._pool = ThreadPoolExecutor(threads, "model")
        self._places = threading.BoundedSemaphore(length)
        self._timeout = timeout

    async def run(self, function: Callable[[], T]) -> T:
        """The result of a function.

        Raises:
          ServingError: the queue is full, or the time is over.
        """
        if not self._places.acquire(blocking=False):
            raise ServingError("UNAVAILABLE", "The queue of requests is full; try again later")
        future = self._pool.submit(function)
        future.add_done_callback(lambda _: self._places.release())
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout)
        except asyncio.TimeoutError as error:
            raise ServingError(
                "DEADLINE_EXCEEDED", f"No answer within {self._timeout:g} seconds"
            ) from error

    def close(self) -> None:
        """Drops what waits; returns when what runs has ended."""
        self._pool.shutdown(cancel_futures=True)
