"""Which versions of a model are served: the newest whole ones in its folder.

A version is a folder whose name is a number. One that is still being copied is left alone: it must
hold all files of a SavedModel, nothing in it may have changed for a moment, and it must load and
answer its own warm-up requests. Old versions go on answering until the new one can.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import gc
import logging
import re
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

from maskanim_tf.serving.contract import ServingError, invalid
from maskanim_tf.serving.loaded_model import GRAPH, LoadedModel

_log = logging.getLogger(__name__)

VARIABLES = "variables"
INDEX = "variables.index"
SHARD = re.compile(r"variables\.data-\d{5}-of-(\d{5})")

AVAILABLE = "AVAILABLE"
END = "END"


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """What a model's status tells of a version, in the words of TensorFlow Serving."""

    version: int
    state: str
    code: str = "OK"
    message: str = ""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a request asks for.

    Attributes:
      name: of a model.
      version: number of a version.
      label: of a version, in the place of its number; without both the newest is meant.
    """

    name: str
    version: int | None = None
    label: str | None = None


class ServedModel:
    """The versions of one model that are in memory.

    Args:
      name: of the model.
      base_path: folder of the versions.
      load: makes a `LoadedModel` of a folder; raises ValueError where it cannot.
      labels: version of each label.
      kept: how many of the newest versions are served.
      settle_seconds: how long nothing in a folder may have changed before it is loaded.
    """

    def __init__(
        self,
        name: str,
        base_path: Path,
        load: Callable[[Path], LoadedModel],
        labels: Mapping[str, int],
        kept: int,
        settle_seconds: float,
    ):
        self.name = name
        self._base_path = base_path
        self._load = load
        self._labels = labels
        self._kept = kept
        self._settle_seconds = settle_seconds
        # Replaced as a whole, never changed, so that requests need no lock.
        self._loaded: dict[int, LoadedModel] = {}
        self._failed: dict[int, tuple[float, str]] = {}
        self._dropped: list[weakref.ref[LoadedModel]] = []
        self._one_poll = threading.Lock()

    @property
    def serves_any(self) -> bool:
        """Whether there is a version that answers."""
        return bool(self._loaded)

    def find(self, wanted: Wanted | None = None) -> LoadedModel:
        """A version, by default the newest.

        Raises:
          ServingError: it is not served.
        """
        wanted = wanted or Wanted(self.name)
        loaded = self._loaded if wanted.name == self.name else {}
        version = self._number(wanted)
        if version is None and loaded:
            return loaded[max(loaded)]
        if version is None or version not in loaded:
            which = (
                f"Latest({wanted.name})"
                if version is None
                else f"Specific({wanted.name}, {version})"
            )
            raise ServingError("NOT_FOUND", f"Servable not found for request: {which}")
        return loaded[version]

    def status(self, wanted: Wanted) -> list[VersionStatus]:
        """Of one version, or of all that are served or failed, newest first.

        Raises:
          ServingError: there is none.
        """
        version = self._number(wanted)
        states: dict[int, VersionStatus] = {}
        if wanted.name == self.name:
            states = {
                number: VersionStatus(number, END, "INVALID_ARGUMENT", message)
                for number, (_, message) in self._failed.items()
            }
            states |= {number: VersionStatus(number, AVAILABLE) for number in self._loaded}
        if version is None and states:
            return [states[number] for number in sorted(states, reverse=True)]
        if version is None or version not in states:
            which = "any versions" if version is None else f"version {version}"
            raise ServingError("NOT_FOUND", f"Could not find {which} of model {wanted.name}")
        return [states[version]]

    def _number(self, wanted: Wanted) -> int | None:
        """The version that a label stands for, or that was asked for by number."""
        if wanted.label is None:
            return wanted.version
        if wanted.name != self.name or wanted.label not in self._labels:
            raise invalid(f"Unrecognized servable version label: {wanted.label}")
        return self._labels[wanted.label]

    def poll(self) -> None:
        """Loads versions that came and drops those that they replace.

        Raises:
          OSError: the folder cannot be listed; what is served stays.
        """
        with self._one_poll:
            held = [model for model in self._dropped if model() is not None]
            if len(held) < len(self._dropped):
                _release_memory()
            self._dropped = held
            folders = version_folders(self._base_path)
            self._failed = {v: failed for v, failed in self._failed.items() if v in folders}
            kept: dict[int, LoadedModel] = {}
            for version in sorted(folders, reverse=True):
                model = self._loaded.get(version) or self._try(version, folders[version])
                if model is not None:
                    kept[version] = model
                if len(kept) == self._kept:
                    break
            # An empty folder is more likely a mistake than a wish to serve nothing.
            kept = kept or self._loaded
            for version in self._loaded.keys() - kept.keys():
                _log.info("%s: version %d is dropped", self.name, version)
                # Requests that hold it, those that wait included, finish with it.
                self._dropped.append(weakref.ref(self._loaded[version]))
            self._loaded = kept

    def _try(self, version: int, folder: Path) -> LoadedModel | None:
        """Loads a version if it is whole and did not fail as it is."""
        changed = last_change(folder)
        if changed is None or time.time() - changed < self._settle_seconds:
            return None
        if version in self._failed and self._failed[version][0] == changed:
            return None
        try:
            model = self._load(folder)
        except (ValueError, ServingError) as error:
            _log.error("%s: version %d is not served: %s", self.name, version, error)
            self._failed[version] = (changed, str(error))
            return None
        self._failed.pop(version, None)
        _log.info("%s: version %d is served", self.name, version)
        return model


def _release_memory() -> None:
    """Frees what dropped versions have held; the allocator would keep it, more with each swap."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # Of glibc alone.
        ctypes.CDLL(None).malloc_trim(0)


def version_folders(base_path: Path) -> dict[int, Path]:
    """The folders whose names are numbers. Raises OSError where `base_path` cannot be listed."""
    return {
        int(path.name): path
        for path in base_path.iterdir()
        if re.fullmatch(r"[1-9]\d{0,17}", path.name) and path.is_dir()
    }


def last_change(folder: Path) -> float | None:
    """When anything in the folder of a version last changed; None if it lacks a file.

    That is the time of the change of the file's record, which, unlike the time of modification,
    copying programs cannot set.
    """
    try:
        names = {path.name for path in (folder / VARIABLES).iterdir()}
        shards = [match for name in names if (match := SHARD.fullmatch(name))]
        if INDEX not in names or not shards or len(shards) != int(shards[0][1]):
            return None
        if not (folder / GRAPH).stat().st_size:
            return None
        return max(path.stat().st_ctime for path in (folder, *folder.rglob("*")))
    except OSError:
        # A file that is renamed while it is looked at.
        return None
