"""Patience with storage: a network drive or an object store may fail once and answer again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")
WAITS = (0.2, 1.0, 4.0)


def patiently(read: Callable[[], T], waits: Sequence[float] = WAITS) -> T:
    """What `read` returns, tried once more after each of some waits while it raises OSError.

    A missing file and refused access are no hiccups and raise at once.

    Args:
      read: takes nothing.
      waits: seconds.

    Raises:
      OSError: that of the last try.
      Exception: whatever else `read` raises, at once.
    """
    for wait in waits:
        try:
            return read()
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as error:
            _log.debug("%s; once more in %g s", error, wait)
            time.sleep(wait)
    return read()
