"""Files and folders that are either whole or absent under their final name."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# A temporary name takes no more bytes than the name itself, or than this.
SHORT_NAME = 64
LONGEST_SUFFIX = 16


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path, for a file or a folder, and gives it the name `path` on success.

    Links are followed: what they point to is replaced, the links stay. A folder that exists stays
    as well, since it may be a mount point or lie in a folder that cannot be written: the new one is
    made inside of it, and its files then take the place of the old ones. The temporary name keeps
    the suffix of `path`, since many writers choose the format from it. On any error, an interrupt
    included, what was written is removed and whatever stood under `path` stays.

    Raises:
      OSError: the folder cannot be created or written, `path` is a device, or nothing was written
        under the temporary name; the message names it.
    """
    final = Path(os.path.realpath(path))
    if final.exists() and not (final.is_file() or final.is_dir()):
        raise OSError(f"{path}: is no file and no folder, but a device; choose another name")
    place = final if final.is_dir() else final.parent
    place.mkdir(parents=True, exist_ok=True)
    partial = place / temporary_name(Path(path).name)
    try:
        yield partial
        if not partial.exists():
            raise OSError(f"{path}: nothing was written; what was there before stays")
        if final.is_dir():
            _replace_content(final, partial, path)
        else:
            os.replace(partial, final)
    finally:
        remove_whole(partial)


def remove_whole(path: Path) -> None:
    """Removes a file, a link, or a folder with all that it holds; it is no error if it is gone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Writes a JSON file, whole or not at all; dataclasses in it as objects of their fields."""
    text = json.dumps(content, indent=2, default=dataclasses.asdict)
    with atomic_path(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def temporary_name(name: str) -> str:
    """A hidden name with the suffix of `name` that no other file has; at most as long as it."""
    suffix = Path(name).suffix
    suffix = suffix if len(os.fsencode(suffix)) <= LONGEST_SUFFIX else ""
    ending = f".{secrets.token_hex(4)}.partial{suffix}"
    room = max(len(os.fsencode(name)), SHORT_NAME) - len(os.fsencode(ending)) - 1
    # Some libraries take no name that is not UTF-8, so a letter is not cut in two.
    return f".{os.fsencode(Path(name).stem)[:room].decode('utf-8', 'ignore')}{ending}"


def split_paths(text: str | os.PathLike[str]) -> list[str]:
    """Paths separated by commas, which a name may hold as well where something has that name."""
    text = os.fspath(text)
    return [text] if os.path.exists(text) else [os.path.expanduser(p) for p in text.split(",")]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises OSError, naming the folder, unless a file or folder can be made or replaced there.

    Tries it, since permissions alone do not tell of read-only file systems. Folders that are
    missing are not made.
    """
    final = os.path.realpath(path)
    place = final if os.path.isdir(final) else os.path.dirname(final)
    while not os.path.lexists(place) and place != os.path.dirname(place):
        place = os.path.dirname(place)
    try:
        # Finds names that are too long, too.
        with contextlib.suppress(FileNotFoundError):
            os.lstat(final)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OSError(
            f"{path}: cannot be written ({error.strerror}); check {place}, its permissions and the "
            "free space, or choose another name"
        ) from error


def _replace_content(folder: Path, new: Path, name: str | os.PathLike[str]) -> None:
    """Moves what `new` holds into `folder`, and removes what else was there."""
    if not new.is_dir():
        raise OSError(f"{name}: is a folder; give the name of a file, or remove it")
    names = set(os.listdir(new))
    for each in sorted(names):
        target = folder / each
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(new / each, target)
    for each in set(os.listdir(folder)) - names - {new.name}:
        # Other programs', such as the lost+found of a volume, and what they are just writing.
        if each.startswith(".") or each == "lost+found":
            continue
        remove_whole(folder / each)
