"""Reading and writing whole files and byte ranges, local or in an object store.

`storage.remote` says what a location is and which environment variables are read. Every function
raises OSError, naming the location and the remedy, and may be called from many threads.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.python.lib.io._pywrap_file_io import BufferedInputStream

from maskanim_tf.storage.files import atomic_path
from maskanim_tf.storage.remote import clear_errors, require_filesystem, scheme_of

CHUNK = 8 << 20
# Asked for less, tensorflow-io stumbles over the page that comes with "404 Not Found".
ERROR_PAGE = 64 << 10


def join(location: str | os.PathLike[str], *names: str) -> str:
    """A location below another one; names are '/'-separated."""
    return "/".join([os.fspath(location).rstrip("/") or "/", *names])


def absolute(location: str) -> str:
    """The same location whatever the working directory is; an empty one stays empty."""
    return location if not location or scheme_of(location) else os.path.abspath(location)


def read_range(location: str | os.PathLike[str], offset: int, length: int) -> bytes:
    """`length` bytes from `offset` on; fewer where the file ends before, none beyond its end."""
    if not require_filesystem(location):
        with open(location, "rb", buffering=0) as file:
            return os.pread(file.fileno(), length, offset)
    try:
        with clear_errors(location):
            # Behind `tf.io.gfile.GFile`, whose buffer would fetch half a megabyte for each frame.
            stream = BufferedInputStream(os.fspath(location), length)
            stream.seek(offset)
            return stream.read(length)
    except OSError as error:
        if isinstance(error.__cause__, tf.errors.OutOfRangeError):
            return b""
        raise


def read_file(location: str | os.PathLike[str]) -> bytes:
    """The whole content of a file."""
    if not require_filesystem(location):
        return Path(location).read_bytes()
    chunks: list[bytes] = []
    with clear_errors(location):
        stream = BufferedInputStream(os.fspath(location), CHUNK)
        while not chunks or len(chunks[-1]) == CHUNK:
            chunks.append(stream.read(CHUNK))
    return b"".join(chunks)


def exists(location: str | os.PathLike[str]) -> bool:
    """Whether there is such a file.

    Unlike `tf.io.gfile.exists`, which calls everything missing that it cannot see, this raises
    OSError for refused credentials and for an endpoint that does not answer.
    """
    if not require_filesystem(location):
        return os.path.isfile(location)
    try:
        read_range(location, 0, ERROR_PAGE)
    except FileNotFoundError:
        return False
    return True


def list_folder(location: str | os.PathLike[str]) -> list[str]:
    """Names of the files and folders in a folder, sorted; empty where there is no such folder."""
    if not require_filesystem(location):
        return sorted(os.listdir(location)) if os.path.isdir(location) else []
    folder = join(location) + "/"
    try:
        with clear_errors(location):
            return sorted(name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    except FileNotFoundError:
        exists(join(location, "nothing"))  # Raises what the listing hides.
        return []


@contextlib.contextmanager
def whole_file(location: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a local path to write to; the file appears under `location` when the block succeeds.

    On any error nothing appears, and what stood there stays. An object is uploaded from the
    temporary folder (`TMPDIR`; tensorflow-io keeps a second copy in `/tmp`) and is visible only
    when complete.
    """
    if not require_filesystem(location, write=True):
        with atomic_path(location) as partial:
            yield partial
        return
    with tempfile.TemporaryDirectory(prefix="maskanim-") as folder:
        path = Path(folder) / os.path.basename(os.fspath(location))
        yield path
        with clear_errors(location):
            tf.io.gfile.copy(str(path), os.fspath(location), overwrite=True)


def remove(location: str | os.PathLike[str]) -> None:
    """Removes a file; it is no error if there is none."""
    if not require_filesystem(location, write=True):
        Path(location).unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError), clear_errors(location):
        tf.io.gfile.remove(os.fspath(location))
