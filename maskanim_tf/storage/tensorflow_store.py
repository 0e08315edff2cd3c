"""The one door to tensorflow-io, which lets TensorFlow open addresses."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os

import tensorflow as tf
import tensorflow_io  # noqa: F401  (registers its file systems)
from tensorflow.python.lib.io._pywrap_file_io import BufferedInputStream

from maskanim_tf.storage.remote import S3_DEFAULTS, Store

CHUNK = 8 << 20


class TensorflowStore(Store):
    """A `Store` by TensorFlow's file systems.

    Args:
      scheme: of the addresses.
    """

    def __init__(self, scheme: str):
        if scheme == "s3":
            _open_s3()

    def read_range(self, location: str, offset: int, length: int) -> bytes:
        try:
            # Behind `tf.io.gfile.GFile`, whose buffer would fetch half a megabyte per frame.
            stream = BufferedInputStream(location, length)
            stream.seek(offset)
            return stream.read(length)
        except tf.errors.OutOfRangeError:
            return b""

    def read_file(self, location: str) -> bytes:
        chunks: list[bytes] = []
        stream = BufferedInputStream(location, CHUNK)
        while not chunks or len(chunks[-1]) == CHUNK:
            chunks.append(stream.read(CHUNK))
        return b"".join(chunks)

    def list_folder(self, location: str) -> list[str]:
        return [name.rstrip("/") for name in tf.io.gfile.listdir(location.rstrip("/") + "/")]

    def upload(self, path: str, location: str) -> None:
        """See `Store`; a second copy is kept in `/tmp` meanwhile."""
        tf.io.gfile.copy(path, location, overwrite=True)

    def remove(self, location: str) -> None:
        tf.io.gfile.remove(location)


@functools.cache
def _open_s3() -> None:
    for name, value in S3_DEFAULTS.items():
        os.environ.setdefault(name, value)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        os.environ.setdefault("S3_ENDPOINT", endpoint)
    # The AWS library in tensorflow-io 0.36 destroys its static objects in the wrong order, so every
    # process that touched S3 would end in an abort, whatever it achieved. Handlers run last in,
    # first out: once the client exists, one that leaves with the same status goes before them.
    with contextlib.suppress(tf.errors.OpError):
        tf.io.gfile.GFile("s3://bucket/object", "rb").seek(0)  # Makes the client, sends nothing.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit"):
        libc.on_exit(libc._exit, None)
        libc.__cxa_atexit(libc.fflush, None, None)
