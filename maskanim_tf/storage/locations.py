"""Reading and writing whole files and byte ranges, local or in an object store.

`storage.remote` says what a location is and which environment variables are read. Every function
raises OSError, naming the location and the remedy, and may be called from many threads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from maskanim_tf.storage.files import atomic_path
from maskanim_tf.storage.remote import clear_errors, scheme_of
from maskanim_tf.storage.stores import store_of

# Asked for less, tensorflow-io stumbles over the page that comes with "404 Not Found".
ERROR_PAGE = 64 << 10
CHUNK = 8 << 20


def join(location: str | os.PathLike[str], *names: str) -> str:
    """A location below another one; names are '/'-separated."""
    return "/".join([os.fspath(location).rstrip("/") or "/", *names])


def absolute(location: str) -> str:
    """The same location whatever the working directory is; an empty one stays empty."""
    return location if not location or scheme_of(location) else os.path.abspath(location)


def read_range(location: str | os.PathLike[str], offset: int, length: int) -> bytes:
    """`length` bytes from `offset` on; fewer where the file ends before, none beyond its end."""
    store = store_of(location)
    if store is None:
        with open(location, "rb", buffering=0) as file:
            return os.pread(file.fileno(), length, offset)
    with clear_errors(location):
        return store.read_range(os.fspath(location), offset, length)


def read_file(location: str | os.PathLike[str]) -> bytes:
    """The whole content of a file."""
    store = store_of(location)
    if store is None:
        return Path(location).read_bytes()
    with clear_errors(location):
        return store.read_file(os.fspath(location))


def file_digest(location: str | os.PathLike[str], size: int) -> str:
    """SHA-256 of a file of so many bytes, in hexadecimal digits; read in pieces."""
    digest = hashlib.sha256()
    for offset in range(0, size, CHUNK):
        digest.update(read_range(location, offset, CHUNK))
    return digest.hexdigest()


def exists(location: str | os.PathLike[str]) -> bool:
    """Whether there is such a file.

    Unlike `tf.io.gfile.exists`, which calls everything missing that it cannot see, this raises
    OSError for refused credentials and for an endpoint that does not answer.
    """
    if not scheme_of(location):
        return os.path.isfile(location)
    try:
        read_range(location, 0, ERROR_PAGE)
    except FileNotFoundError:
        return False
    return True


def list_folder(location: str | os.PathLike[str]) -> list[str]:
    """Names of the files and folders in a folder, sorted; empty where there is no such folder."""
    store = store_of(location)
    if store is None:
        return sorted(os.listdir(location)) if os.path.isdir(location) else []
    try:
        with clear_errors(location):
            return sorted(store.list_folder(os.fspath(location)))
    except FileNotFoundError:
        exists(join(location, "nothing"))  # Raises what the listing hides.
        return []


@contextlib.contextmanager
def whole_file(location: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a local path to write to; the file appears under `location` when the block succeeds.

    On any error nothing appears, and what stood there stays. An object is uploaded from the
    temporary folder (`TMPDIR`) and is visible only when complete.
    """
    store = store_of(location, write=True)
    if store is None:
        with atomic_path(location) as partial:
            yield partial
        return
    with tempfile.TemporaryDirectory(prefix="maskanim-") as folder:
        path = Path(folder) / os.path.basename(os.fspath(location))
        yield path
        with clear_errors(location):
            store.upload(os.fspath(path), os.fspath(location))


def remove(location: str | os.PathLike[str]) -> None:
    """Removes a file; it is no error if there is none."""
    store = store_of(location, write=True)
    if store is None:
        Path(location).unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError), clear_errors(location):
        store.remove(os.fspath(location))
