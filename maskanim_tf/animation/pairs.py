"""Many pairs of source and driver at once: from a table, or every source with every driver."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections import Counter
from collections.abc import Sequence

from maskanim_tf.animation.frame_generator import FrameGenerator, check_abilities
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.templates import SUFFIX as TEMPLATE_SUFFIX
from maskanim_tf.animation.video import animate_video
from maskanim_tf.media.clip import PICTURE_SUFFIXES, VIDEO_SUFFIXES, has_suffix, is_finished
from maskanim_tf.media.outputs import check_output
from maskanim_tf.media.picture_clip import survey_pictures
from maskanim_tf.storage.pair_tables import read_pairs

_log = logging.getLogger(__name__)

ENDING = ".mp4"


@dataclasses.dataclass(frozen=True)
class Pair:
    """Paths of a source, a driver, and what becomes of them."""

    source: str
    driving: str
    output: str


@dataclasses.dataclass
class PairsReport:
    """How many pairs were written, were there already, and could not be animated."""

    written: int = 0
    skipped: int = 0
    failed: int = 0


def listed_pairs(table: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Pair]:
    """Pairs from a CSV with the columns source, driving and maybe output; see `read_pairs`.

    Args:
      table: path of the CSV.
      folder: of the outputs. Without one of its own a pair is written to `<source>-<driving>.mp4`.

    Raises:
      OSError: the table cannot be read.
      ValueError: a column is missing or unknown, a value is empty, two outputs are the same.
    """
    pairs = []
    for row in read_pairs(table, "output"):
        name = row.name or _stem(row.source) + "-" + _stem(row.driving) + ENDING
        output = os.path.join(folder, os.path.expanduser(name))
        pairs.append(Pair(row.source, row.driving, output))
    return _checked(pairs, table)


def holds_many(source: str | os.PathLike[str], driving: str | os.PathLike[str]) -> bool:
    """Whether there are several sources or drivers: folders, but for one folder of frames."""
    return os.path.isdir(source) or (os.path.isdir(driving) and not _is_frames_folder(driving))


def combine(
    source: str | os.PathLike[str],
    driving: str | os.PathLike[str],
    folder: str | os.PathLike[str],
) -> list[Pair]:
    """Every source with every driver, in the order of their names.

    Args:
      source: a folder, each of whose pictures and videos is a source, or one source.
      driving: a folder, each of whose videos, templates, pictures and folders of frames is a
        driver, or one driver; a folder of frames is one driver.
      folder: of the outputs, which are named `<source>-<driving>.mp4`.

    Raises:
      FileNotFoundError, NotADirectoryError, PermissionError: a folder cannot be listed.
      ValueError: a folder holds no pictures or videos.
    """
    sources = _members(source) if os.path.isdir(source) else [os.fspath(source)]
    several = os.path.isdir(driving) and not _is_frames_folder(driving)
    drivers = _members(driving, (TEMPLATE_SUFFIX,)) if several else [os.fspath(driving)]
    pairs = [
        Pair(s, d, os.path.join(folder, f"{source_name}-{driving_name}{ENDING}"))
        for s, source_name in zip(sources, _names(sources))
        for d, driving_name in zip(drivers, _names(drivers))
    ]
    return _checked(pairs, source)


def animate_pairs(
    generator: FrameGenerator,
    pairs: Sequence[Pair],
    options: AnimationOptions | None = None,
    progress: bool = False,
) -> PairsReport:
    """Animates every pair whose output does not exist yet.

    A pair that cannot be animated is logged as an error, and the next one follows.

    Raises:
      ValueError: an option that the generator cannot follow.
    """
    check_abilities(generator, options or AnimationOptions())
    report = PairsReport()
    for number, pair in enumerate(pairs, 1):
        if os.path.exists(pair.output):
            report.skipped += 1
            continue
        try:
            animate_video(generator, pair.source, pair.driving, pair.output, options, progress)
            report.written += 1
        except (ValueError, OSError) as error:
            _log.error("pair %d of %d, %s: %s", number, len(pairs), pair.output, error)
            report.failed += 1
    return report


def _members(folder: str | os.PathLike[str], more: tuple[str, ...] = ()) -> list[str]:
    suffixes = VIDEO_SUFFIXES + PICTURE_SUFFIXES + more
    paths = [
        path
        for name in sorted(os.listdir(folder))
        if is_finished(name)
        for path in [os.path.join(folder, name)]
        if (_is_frames_folder(path) if os.path.isdir(path) else has_suffix(name, suffixes))
    ]
    if not paths:
        raise ValueError(f"{folder} holds no pictures and no videos ({' '.join(suffixes)})")
    return paths


def _is_frames_folder(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder directly holds pictures, none of them animated, no videos and no templates.

    It is one driver even where a frame is broken: reading it will say so.
    """
    names = os.listdir(folder)
    drivers = (*VIDEO_SUFFIXES, TEMPLATE_SUFFIX)
    if any(has_suffix(name, drivers) and is_finished(name) for name in names):
        return False
    survey = survey_pictures(os.fspath(folder), names)
    return bool(survey.sizes or survey.broken) and not survey.animated


def _names(paths: Sequence[str]) -> list[str]:
    """Names without suffix; with it where two would be the same."""
    stems = Counter(_stem(path) for path in paths)
    return [_stem(path) if stems[_stem(path)] == 1 else os.path.basename(path) for path in paths]


def _stem(path: str) -> str:
    name = os.path.basename(os.path.abspath(path))
    return name if os.path.isdir(path) else os.path.splitext(name)[0]


def _checked(pairs: Sequence[Pair], where: str | os.PathLike[str]) -> list[Pair]:
    count = Counter(os.path.normpath(pair.output) for pair in pairs)
    for pair in pairs:
        if not os.path.exists(pair.output):
            check_output(pair.output, (pair.source, pair.driving))
        if count[os.path.normpath(pair.output)] > 1:
            raise ValueError(
                f"{where}: {count[os.path.normpath(pair.output)]} pairs would be written to "
                f"{pair.output}; give them different outputs"
            )
    return list(pairs)
