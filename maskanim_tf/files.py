"""Files and folders that are either whole or absent under their final name."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path beside `path`, for a file or a folder, and renames it on success.

    The temporary name keeps the suffix of `path`, since many writers choose the format from it. On
    any error, an interrupt included, what was written is removed and whatever stood under `path`
    stays.

    Raises:
      OSError: the folder cannot be created or written; the message names it.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.stem}.{secrets.token_hex(4)}.partial{final.suffix}")
    try:
        yield partial
        if final.is_dir():
            # A folder that is not empty cannot be replaced in one step.
            shutil.rmtree(final)
        os.replace(partial, final)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
