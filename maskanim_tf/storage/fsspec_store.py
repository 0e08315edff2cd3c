"""The one door to fsspec: `s3://` by s3fs and `http(s)://` by aiohttp, with any TensorFlow."""

from __future__ import annotations

import functools
import os

import fsspec
import s3fs

from maskanim_tf.storage.remote import S3_DEFAULTS, Store

SCHEMES = ("s3", "http", "https")
BEYOND_THE_END = ("416", "InvalidRange")


class FsspecStore(Store):
    """A `Store` by fsspec's file systems.

    Args:
      scheme: of the addresses, one of `SCHEMES`.
    """

    def __init__(self, scheme: str):
        self._scheme = scheme

    def read_range(self, location: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        try:
            content = self._files.cat_file(location, start=offset, end=offset + length)
        except Exception as error:
            if _code(error) in BEYOND_THE_END:
                return b""
            raise
        if len(content) > length:
            raise OSError("the whole file came instead of a range")
        return content

    def read_file(self, location: str) -> bytes:
        return self._files.cat_file(location)

    def list_folder(self, location: str) -> list[str]:
        """See `Store`; of `http(s)://` OSError is raised, since there are no folders."""
        if self._scheme != "s3":
            raise OSError(f"{self._scheme}:// cannot list folders")
        folder = self._files._strip_protocol(location).rstrip("/") + "/"
        names = [each.rstrip("/") for each in self._files.ls(location, False, refresh=True)]
        return [each.removeprefix(folder) for each in names if each.startswith(folder)]

    def upload(self, path: str, location: str) -> None:
        self._files.put_file(path, location)

    def remove(self, location: str) -> None:
        self._files.rm_file(location)

    @property
    def _files(self) -> fsspec.AbstractFileSystem:
        # A forked process needs a client of its own.
        return _open(self._scheme, os.getpid())


@functools.cache
def _open(scheme: str, _process: int) -> fsspec.AbstractFileSystem:
    if scheme != "s3":
        return fsspec.filesystem(scheme, skip_instance_cache=True)

    def setting(*names: str) -> str | None:
        return next(filter(None, map({**S3_DEFAULTS, **os.environ}.get, names)), None)

    def seconds(name: str) -> float:
        return int(setting(name) or 0) / 1000

    files = s3fs.S3FileSystem(
        endpoint_url=setting("S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        client_kwargs={
            "region_name": setting("AWS_REGION", "AWS_DEFAULT_REGION"),
            "verify": setting("S3_CA_FILE", "AWS_CA_BUNDLE"),
        },
        config_kwargs={
            "connect_timeout": seconds("S3_CONNECT_TIMEOUT_MSEC"),
            "read_timeout": seconds("S3_REQUEST_TIMEOUT_MSEC"),
            "retries": {
                "mode": setting("AWS_RETRY_MODE"),
                "total_max_attempts": int(setting("AWS_MAX_ATTEMPTS") or 1),
            },
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.retries = 2
    return files


def _code(error: BaseException) -> str:
    """What a server answered; "" where it did not."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or getattr(error, "status", ""))
