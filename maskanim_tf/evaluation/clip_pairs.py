"""Pairs of a source and a driver for animation across identities: from a CSV, or drawn."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence

import numpy as np

from maskanim_tf.data.index import find_clips
from maskanim_tf.keys import TEST
from maskanim_tf.media.clips import Clip, probe_clip
from maskanim_tf.storage.pair_tables import read_pairs


@dataclasses.dataclass(frozen=True)
class Pair:
    """A source, of which the first frame counts, and a driver.

    Attributes:
      name: of the pair, and of the video generated from it.
      source: a picture or the clip that begins with it.
      driving: the clip.
      dataset: to which it belongs, where a table says so.
    """

    name: str
    source: Clip
    driving: Clip
    dataset: str = ""


def test_clips(data_dir: str, strips: bool) -> dict[str, Clip]:
    """The clips of a test folder (of `data_dir/test` where there is one) by name.

    Args:
      data_dir: the folder; "" for no clips.
      strips: its pictures are strips of frames.

    Raises:
      OSError, ValueError: there is no such folder, or no clip in it.
    """
    if not data_dir:
        return {}
    inner = os.path.join(data_dir, TEST)
    clips = find_clips(inner if os.path.isdir(inner) else data_dir, progress=True, strips=strips)
    return {clip.name: clip for clip in clips}


def listed_pairs(path: str, clips: Mapping[str, Clip]) -> list[Pair]:
    """The pairs of a CSV with the columns `source`, `driving` and, optionally, `name`, `dataset`.

    An entry is the name of a test clip, or a path; see `read_pairs`. Without a name the pair is
    called `<source>-<driving>`, slashes replaced by underscores.

    Raises:
      FileNotFoundError: there is no such CSV, or an entry is neither.
      ValueError: a column is missing, a clip is broken, or two pairs have one name.
    """
    pairs: dict[str, Pair] = {}
    for row in read_pairs(path, "name", others=None, known=clips):
        source, driving = (_resolve(entry, clips, row.where) for entry in (row.source, row.driving))
        name = row.name or pair_name(source, driving)
        if name in pairs:
            raise ValueError(f"{row.where}: another pair is called {name!r}; use the column name")
        pairs[name] = Pair(name, source, driving, row.dataset)
    if not pairs:
        raise ValueError(f"{path} holds no pairs; write lines of source,driving below that heading")
    return list(pairs.values())


def draw_pairs(clips: Sequence[Clip], count: int, seed: int) -> list[Pair]:
    """A seeded draw of pairs of two different clips, no pair twice.

    Raises:
      ValueError: there are fewer than two clips.
    """
    if len(clips) < 2:
        raise ValueError("one clip makes no pairs; give two or more, or a list with --pairs=CSV")
    ordered = sorted(clips, key=lambda clip: clip.name)
    possible = len(ordered) * (len(ordered) - 1)
    drawn = np.random.default_rng(seed).choice(possible, min(count, possible), replace=False)
    pairs = []
    for number in drawn.tolist():
        driver, step = divmod(number, len(ordered) - 1)
        source = ordered[(driver + 1 + step) % len(ordered)]
        driving = ordered[driver]
        pairs.append(Pair(pair_name(source, driving), source, driving))
    return pairs


def pair_name(source: Clip, driving: Clip) -> str:
    """The name of a pair that has none: `<source>-<driving>`."""
    return f"{source.name}-{driving.name}".replace("/", "_")


def _resolve(entry: str, clips: Mapping[str, Clip], where: str) -> Clip:
    if entry in clips:
        return clips[entry]
    if not os.path.exists(entry):
        raise FileNotFoundError(f"{where}: {entry!r} is neither a test clip nor a file")
    return probe_clip(entry)
