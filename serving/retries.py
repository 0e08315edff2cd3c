"""Trying again: what all kinds of client need."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_WAIT = 15.0
WORTH_A_WORD = 1.0


class TransientError(OSError):
    """Something that may pass: the server is busy, restarts, or the connection broke."""


def with_retries(call: Callable[[], T], attempts: int, first_wait: float = 0.5) -> T:
    """The result of a call that may fail with `TransientError`.

    Waits are doubled each time, up to a limit, and shortened at random, so that many clients do not
    come back together.

    Raises:
      OSError: it failed each time.
    """
    for attempt in range(attempts):
        try:
            return call()
        except TransientError as error:
            if attempt + 1 == attempts:
                raise OSError(f"{error}; gave up after {attempts} attempts") from error
            wait = min(first_wait * 2**attempt, LONGEST_WAIT) * random.uniform(0.5, 1)
            # What passes at once is not worth a word.
            if wait >= WORTH_A_WORD:
                _log.warning("%s; trying again in %.0f s", error, wait)
        time.sleep(wait)
    raise ValueError(f"attempts is {attempts}, but must be at least 1")
