"""The one door to tensorflow-io: which locations need it, and what its errors mean.

A location is a local path or an address. `s3://bucket/key`, `az://account/container/key` and
`http(s)://` are opened by tensorflow-io, which exists for TensorFlow 2.15 only; `http(s)://` can
only be read. Everything is set by environment variables, before the first access:

S3: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or a profile of
  `AWS_SHARED_CREDENTIALS_FILE` chosen by `AWS_PROFILE`; `AWS_REGION`. Another server than Amazon's:
  `S3_ENDPOINT`, with `http://` or `https://`, which alone decides about encryption (`S3_USE_HTTPS`
  of older releases is not read); `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` are taken over where
  it is not set. Own certificates: `S3_CA_FILE`, `S3_CA_PATH`. Patience: `AWS_RETRY_MODE`,
  `AWS_MAX_ATTEMPTS`, `S3_CONNECT_TIMEOUT_MSEC`, `S3_REQUEST_TIMEOUT_MSEC`; without the defaults
  below an endpoint that is down is an error only after minutes. Leave
  `S3_DISABLE_MULTI_PART_DOWNLOAD` alone: tensorflow-io 0.36 then crashes at the end of a file.
Azure: `TF_AZURE_STORAGE_KEY` or `TF_AZURE_STORAGE_SAS`; a local emulator with
  `TF_AZURE_USE_DEV_STORAGE`, `TF_AZURE_STORAGE_BLOB_ENDPOINT`, `TF_AZURE_STORAGE_USE_HTTP`.
HTTPS: own certificates by `CURL_CA_BUNDLE`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
from collections.abc import Iterator

import tensorflow as tf

REMEDIES = {
    "s3": "check the bucket, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and S3_ENDPOINT",
    "az": "check the account, the container and TF_AZURE_STORAGE_KEY",
    "http": "check the address, and that the server answers range requests",
    "https": "check the address, the certificate, and that the server answers range requests",
}
READ_ONLY = ("http", "https")
S3_DEFAULTS = {
    "AWS_RETRY_MODE": "standard",
    "AWS_MAX_ATTEMPTS": "2",  # tensorflow-io repeats these four times.
    "S3_CONNECT_TIMEOUT_MSEC": "5000",
    "S3_REQUEST_TIMEOUT_MSEC": "60000",
}


def scheme_of(location: str | os.PathLike[str]) -> str:
    """The scheme of an address in lower case, "" for a local path.

    Raises:
      ValueError: no file system here has this scheme.
    """
    scheme, separator, _ = os.fspath(location).partition("://")
    if not separator:
        return ""
    if scheme.lower() not in REMEDIES:
        raise ValueError(
            f"{location}: unknown scheme; locations are local paths or start with "
            + ", ".join(f"{known}://" for known in REMEDIES)
        )
    return scheme.lower()


def require_filesystem(location: str | os.PathLike[str], *, write: bool = False) -> str:
    """Makes `tf.io.gfile` able to open a location; returns its scheme, "" for a local path.

    Raises:
      ValueError: unknown scheme.
      RuntimeError: the scheme needs tensorflow-io, which is not installed.
      PermissionError: `write`, and the scheme can only be read.
    """
    scheme = scheme_of(location)
    if scheme:
        if write and scheme in READ_ONLY:
            raise PermissionError(
                f"{location}: {scheme}:// can only be read; write to a local folder or to s3://"
            )
        try:
            _load_tensorflow_io()
        except (ImportError, NotImplementedError, tf.errors.OpError) as error:
            raise RuntimeError(
                f"{location}: {scheme}:// needs the package tensorflow-io, which is not installed "
                "or does not fit this TensorFlow; it exists for Python 3.9 to 3.11 with "
                "TensorFlow 2.15. Copy the data to a local folder, or use such a Python"
            ) from error
    if scheme == "s3":
        _open_s3()
    return scheme


@contextlib.contextmanager
def clear_errors(location: str | os.PathLike[str]) -> Iterator[None]:
    """Turns TensorFlow's errors into an OSError that names the location and the remedy.

    FileNotFoundError for a missing object or bucket, PermissionError for refused credentials,
    ConnectionError for an endpoint that does not answer, OSError for the rest.
    """
    try:
        yield
    except tf.errors.OpError as error:
        scheme = scheme_of(location)
        kind, what = _meaning(error, scheme)
        detail = " ".join(str(error.message).strip(": ").split())[:200]
        remedy = REMEDIES.get(scheme, "check the path, its permissions and the free space")
        raise kind(f"{location}: {what} ({detail}); {remedy}") from error


def _meaning(error: tf.errors.OpError, scheme: str) -> tuple[type[OSError], str]:
    if isinstance(error, tf.errors.NotFoundError):
        return FileNotFoundError, f"no such {'object, or no such bucket' if scheme else 'file'}"
    if isinstance(error, (tf.errors.PermissionDeniedError, tf.errors.UnauthenticatedError)):
        return PermissionError, "access refused"
    if scheme and isinstance(error, (tf.errors.UnknownError, tf.errors.InternalError)):
        return ConnectionError, "the server does not answer as it should"
    return OSError, "cannot be read or written"


@functools.cache
def _load_tensorflow_io() -> None:
    import tensorflow_io  # noqa: F401  (registers its file systems)


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
