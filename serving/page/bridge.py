"""Between the event loop and the thread that makes an animation."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from maskanim_tf.serving.contract import ServingError

T = TypeVar("T")

LOOK_SECONDS = 0.1


class StoppedError(ServingError):
    """The client has gone, who hears nothing of it, or the server stops."""

    def __init__(self) -> None:
        super().__init__("UNAVAILABLE", "the server stops")


class Bridge:
    """Runs functions in threads, which may wait for coroutines; made in the running loop.

    Both directions end soon after `stop`.

    Args:
      pool: of threads.
    """

    def __init__(self, pool: concurrent.futures.Executor):
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Lets functions that run end with StoppedError."""
        self._stopped.set()

    def check(self) -> None:
        """Raises StoppedError after `stop`."""
        if self._stopped.is_set():
            raise StoppedError

    async def stopped(self) -> None:
        """Returns soon after `stop`."""
        while not self._stopped.is_set():
            await asyncio.sleep(LOOK_SECONDS)

    async def in_thread(self, function: Callable[[], T]) -> T:
        """The result of a function; one that is cancelled is stopped and waited for."""
        future = self._loop.run_in_executor(self._pool, function)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self.stop()
            await asyncio.wait([future])
            # Taken note of, or asyncio would report it.
            future.exception()
            raise

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, for a thread.

        Raises:
          StoppedError: it was stopped, or the client has gone.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        while not self._stopped.is_set():
            concurrent.futures.wait([future], LOOK_SECONDS)
            if future.done():
                try:
                    return future.result()
                except (ConnectionError, concurrent.futures.CancelledError) as error:
                    raise StoppedError from error
        future.cancel()
        raise StoppedError
