"""Who opens an address: tensorflow-io where it is installed, fsspec where it is not."""

from __future__ import annotations

import functools
import os

import tensorflow as tf

from maskanim_tf.storage.remote import READ_ONLY, Store, scheme_of


def store_of(location: str | os.PathLike[str], *, write: bool = False) -> Store | None:
    """What opens a location; None for a local path.

    Raises:
      ValueError: unknown scheme.
      RuntimeError: the scheme needs a package that is not installed.
      PermissionError: `write`, and the scheme can only be read.
    """
    scheme = scheme_of(location)
    if not scheme:
        return None
    if write and scheme in READ_ONLY:
        raise PermissionError(
            f"{location}: {scheme}:// can only be read; write to a local folder or to s3://"
        )
    try:
        return _open_store(scheme)
    except ImportError as error:
        raise RuntimeError(
            f"{location}: {scheme}:// needs the package tensorflow-io, which exists for Python 3.9 "
            "to 3.11 with TensorFlow 2.15"
            + ("" if scheme == "az" else ", or, with any other, s3fs: pip install s3fs")
            + ". Install it, or copy the data to a local folder"
        ) from error


@functools.cache
def _open_store(scheme: str) -> Store:
    try:
        from maskanim_tf.storage.tensorflow_store import TensorflowStore

        return TensorflowStore(scheme)
    except (ImportError, NotImplementedError, tf.errors.OpError):
        from maskanim_tf.storage.fsspec_store import SCHEMES, FsspecStore

        if scheme not in SCHEMES:
            raise
        return FsspecStore(scheme)
