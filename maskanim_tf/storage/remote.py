"""Addresses: which there are, who opens them, and what errors on the way mean.

A location is a local path or an address: `s3://bucket/key`, `az://account/container/key` or
`http(s)://`, which can only be read. tensorflow-io opens them; it exists for TensorFlow 2.15 only.
Where it is not, fsspec opens `s3://` (by s3fs) and `http(s)://`. Everything is set by environment
variables, before the first access:

S3: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or a profile of
  `AWS_SHARED_CREDENTIALS_FILE` chosen by `AWS_PROFILE`; `AWS_REGION`. Another server than Amazon's:
  `S3_ENDPOINT`, with `http://` or `https://`, which alone decides about encryption (`S3_USE_HTTPS`
  of older releases is not read); `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` are taken over where
  it is not set. Own certificates: `S3_CA_FILE`; `S3_CA_PATH` with tensorflow-io, `AWS_CA_BUNDLE`
  with s3fs. Patience: `AWS_RETRY_MODE`, `AWS_MAX_ATTEMPTS`, `S3_CONNECT_TIMEOUT_MSEC`,
  `S3_REQUEST_TIMEOUT_MSEC`; without the defaults below an endpoint that is down is an error only
  after minutes. Leave `S3_DISABLE_MULTI_PART_DOWNLOAD` alone: tensorflow-io 0.36 then crashes at
  the end of a file.
Azure: `TF_AZURE_STORAGE_KEY` or `TF_AZURE_STORAGE_SAS`; a local emulator with
  `TF_AZURE_USE_DEV_STORAGE`, `TF_AZURE_STORAGE_BLOB_ENDPOINT`, `TF_AZURE_STORAGE_USE_HTTP`.
HTTPS: own certificates by `CURL_CA_BUNDLE` with tensorflow-io, `SSL_CERT_FILE` with fsspec.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Protocol

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
# Whose errors fsspec lets through.
CLIENTS = ("botocore", "aiobotocore", "aiohttp")


class Store(Protocol):
    """What opens addresses, from many threads; errors are those of its client (`clear_errors`)."""

    def read_range(self, location: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where the file ends before."""

    def read_file(self, location: str) -> bytes:
        """The whole content."""

    def list_folder(self, location: str) -> list[str]:
        """Names in a folder. Raises FileNotFoundError where it can tell that there is none."""

    def upload(self, path: str, location: str) -> None:
        """Copies a local file there, where it appears when complete."""

    def remove(self, location: str) -> None:
        """Removes a file. Raises FileNotFoundError where it can tell that there is none."""


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


@contextlib.contextmanager
def clear_errors(location: str | os.PathLike[str]) -> Iterator[None]:
    """Turns errors of TensorFlow and of clients into an OSError with the location and the remedy.

    FileNotFoundError for a missing object or bucket, PermissionError for refused credentials,
    ConnectionError for an endpoint that does not answer, OSError for the rest.
    """
    scheme = scheme_of(location)
    try:
        yield
    except Exception as error:
        if isinstance(error, tf.errors.OpError):
            kind, detail = _kind(error, scheme), str(error.message)
        elif scheme and (isinstance(error, OSError) or _is_clients(error)):
            kind, detail = _client_kind(error), str(error)
        else:
            raise
        what = {
            FileNotFoundError: f"no such {'object, or no such bucket' if scheme else 'file'}",
            PermissionError: "access refused",
            ConnectionError: "the server does not answer as it should",
        }.get(kind, "cannot be read or written")
        detail = " ".join(detail.strip(": ").split())[:200]
        remedy = REMEDIES.get(scheme, "check the path, its permissions and the free space")
        raise kind(f"{location}: {what} ({detail}); {remedy}") from error


def _kind(error: tf.errors.OpError, scheme: str) -> type[OSError]:
    if isinstance(error, tf.errors.NotFoundError):
        return FileNotFoundError
    if isinstance(error, (tf.errors.PermissionDeniedError, tf.errors.UnauthenticatedError)):
        return PermissionError
    if scheme and isinstance(error, (tf.errors.UnknownError, tf.errors.InternalError)):
        return ConnectionError
    return OSError


def _is_clients(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in CLIENTS


def _client_kind(error: Exception) -> type[OSError]:
    refused = getattr(error, "status", 0) in (401, 403) or "Credentials" in type(error).__name__
    if refused or isinstance(error, PermissionError):
        return PermissionError
    return FileNotFoundError if isinstance(error, FileNotFoundError) else ConnectionError
