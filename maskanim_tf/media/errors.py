"""What is said about files that cannot be read, and said only once."""

from __future__ import annotations

import functools
import logging
import os
import threading

_log = logging.getLogger(__name__)

EMPTY = "the file is empty; copy or download it again, or delete it"

_lock = threading.Lock()


class ClipError(ValueError):
    """A file or folder that cannot be read as a clip: names it, the reason and a remedy."""


def remedy(path: str) -> str:
    """What to do about a broken video."""
    name = os.path.basename(path)
    return f"copy or download it again, or re-encode it: ffmpeg -i {name} -c:v libx264 new.mp4"


def warn_once(path: str, message: str) -> None:
    """Logs a warning about a file, however often and from however many threads it is read."""
    with _lock:
        _warn(path, message)


@functools.lru_cache(maxsize=10_000)
def _warn(path: str, message: str) -> None:
    _log.warning("%s: %s", path, message)
