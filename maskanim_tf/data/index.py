"""Finds the clips in a folder and all folders below it."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from maskanim_tf.media.clip import printable
from maskanim_tf.media.clips import Clip, ClipError, known_suffixes, probe_clip
from maskanim_tf.media.picture_clip import PictureSurvey, probe_folder, survey_pictures
from maskanim_tf.storage.text import first_names

_log = logging.getLogger(__name__)

WORKERS = min(32, 2 * (os.cpu_count() or 1))


@dataclasses.dataclass(frozen=True)
class _Candidate:
    path: str
    survey: PictureSurvey | None = None  # Of a folder of frames.


def find_clips(
    folder: str | os.PathLike[str],
    *,
    strict: bool = False,
    minimum_frames: int = 1,
    progress: bool = False,
    strips: bool = False,
) -> list[Clip]:
    """All clips below `folder`, sorted by name; `media.clips` says what counts as one.

    Links are followed. Names that would be equal, as of `a.mp4` beside `a.png`, keep their suffix.

    Args:
      folder: where to look, to any depth.
      strict: broken or unreadable files and folders are errors; otherwise each is warned about once
        and skipped. A folder of frames goes without its broken ones.
      minimum_frames: shorter clips are left out, with one warning for all of them.
      progress: shows a progress bar on stderr.
      strips: pictures that are several times as wide as high hold square frames side by side.

    Raises:
      FileNotFoundError, NotADirectoryError, PermissionError: `folder` cannot be listed.
      ValueError: there is no clip, or none is long enough.
      ClipError, PermissionError: with `strict`, what is wrong with the first broken file or folder.
    """
    root = os.fspath(folder)
    report = _raise if strict else _warn
    found: list[Clip] = []
    broken = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        candidates: list[_Candidate] = []
        folders = list(_walk(root, report))
        for several, errors in pool.map(
            lambda each: _candidates(each[0], each[1], strips), folders
        ):
            candidates += several
            broken += len(errors)
            for error in errors:
                report(error)
        names = _names(root, candidates)
        probed = pool.map(lambda c, name: _probe(c, name, strict, strips), candidates, names)
        bar = tqdm(probed, "clips", len(candidates), disable=not progress, unit="clip")
        for result in bar:
            if isinstance(result, Clip):
                found.append(result)
            else:
                broken += 1
                report(result)
    if not found:
        also = f"; {broken} broken files were skipped" if broken else ""
        raise ValueError(
            f"{root}: no clips here or in the folders below, looked for files ending in "
            f"{known_suffixes()} and for folders of such pictures{also}"
        )
    return sorted(_long_enough(root, found, minimum_frames), key=lambda clip: clip.name)


def _walk(root: str, report: Callable[[Exception], None]) -> Iterator[tuple[str, list[str]]]:
    """Each folder and the names of its files, sorted, hidden ones left out; root first."""
    if not os.path.exists(root):
        raise FileNotFoundError(f"{root}: there is no such folder")
    if not os.path.isdir(root):
        raise NotADirectoryError(f"{root}: is a file; name the folder that holds the clips")

    def denied(error: OSError) -> None:
        message = f"{error.filename}: cannot be listed ({error.strerror}); check its permissions"
        (_raise if error.filename == root else report)(PermissionError(message))

    visited = set()
    for folder, folders, files in os.walk(root, onerror=denied, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:  # A link to a folder above it.
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield folder, sorted(name for name in files if not name.startswith("."))


def _candidates(
    folder: str, files: Sequence[str], strips: bool
) -> tuple[list[_Candidate], list[ClipError]]:
    survey = survey_pictures(folder, files)
    errors = list(survey.broken.values())
    if survey.is_one_clip(strips):
        return [_Candidate(folder, survey)], errors
    single = [*survey.videos, *survey.sizes]
    return [_Candidate(os.path.join(folder, name)) for name in single], errors


def _names(root: str, candidates: Sequence[_Candidate]) -> list[str]:
    whole = [Path(os.path.relpath(c.path, root)).as_posix() for c in candidates]
    short = [
        name if candidate.survey else os.path.splitext(name)[0]
        for name, candidate in zip(whole, candidates)
    ]
    short = [os.path.basename(os.path.abspath(root)) if name == "." else name for name in short]
    times = Counter(short)
    names = [name if times[name] == 1 else full for name, full in zip(short, whole)]
    return [printable(name) for name in names]


def _probe(candidate: _Candidate, name: str, strict: bool, strips: bool) -> Clip | ClipError:
    try:
        if candidate.survey:
            return probe_folder(candidate.path, name, candidate.survey)
        return probe_clip(candidate.path, name, strict=strict, strips=strips)
    except ClipError as error:
        return error


def _long_enough(root: str, clips: Sequence[Clip], minimum: int) -> list[Clip]:
    short = sorted(clip.name for clip in clips if clip.frames < minimum)
    if not short:
        return list(clips)
    count = f"{len(short)} of {len(clips)} clips"
    message = f"{root}: {count} have fewer than {minimum} frames: {first_names(short)}"
    if len(short) == len(clips):
        raise ValueError(f"{message}; use longer clips")
    _log.warning("%s; they are left out", message)
    return [clip for clip in clips if clip.frames >= minimum]


def _warn(error: Exception) -> None:
    _log.warning("%s; it is skipped", error)


def _raise(error: Exception) -> None:
    raise error
