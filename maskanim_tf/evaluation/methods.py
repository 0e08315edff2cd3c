"""Videos that other programs generated: found by name and checked before anything is measured."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from maskanim_tf.data.index import find_clips
from maskanim_tf.evaluation.clip_pairs import Pair
from maskanim_tf.media.clips import Clip, iterate_frames, probe_clip
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.storage.text import first_names

PLACEHOLDER = "{name}"


@dataclasses.dataclass(frozen=True)
class Method:
    """A method and the videos it generated, by the name of the test video or pair."""

    name: str
    videos: dict[str, Clip]


def find_methods(specifications: Sequence[str], names: Sequence[str]) -> list[Method]:
    """The methods to score and their videos of some names.

    Args:
      specifications: each is `method=folder`, or `method=pattern` with `{name}` in the place of a
        video's name, or a folder with one folder per method.
      names: of the test videos or pairs.

    Raises:
      FileNotFoundError: no such folder.
      ValueError: nothing is given, a method is given twice, or a folder holds none of the videos.
    """
    places: dict[str, str] = {}
    for specification in specifications:
        label, equals, place = specification.partition("=")
        for name, folder in [(label, place)] if equals else _children(specification):
            if name in places:
                raise ValueError(f"the method {name!r} is given twice, {places[name]} and {folder}")
            places[name] = folder
    if not places:
        raise ValueError("no method to score; give --methods=name=FOLDER,... or --methods=FOLDER")
    methods = [Method(name, _videos(place, names)) for name, place in places.items()]
    for method in methods:
        if not method.videos:
            raise ValueError(
                f"{places[method.name]} holds no video of {method.name!r} that is named as one to "
                f"score ({first_names(names)})"
            )
    return methods


def gather(
    specifications: Sequence[str],
    pairs: Sequence[Pair],
    partial: bool,
    size: int,
    *,
    reconstruction: bool = False,
) -> tuple[list[Method], list[Pair], int]:
    """The methods, the pairs of which each has a video, and the side at which to compare them.

    A generated video has as many frames as its driver. Of a reconstruction the first frame, the
    source, is left out on both sides; it may also be missing from the generated video.

    Args:
      specifications: see `find_methods`.
      pairs: what videos are generated from; a test video is its own source and driver.
      partial: leave out the pairs of which a method has no video.
      size: the side, 0 for that of all generated videos.
      reconstruction: whether the driver begins with the source.

    Raises:
      FileNotFoundError: no such folder.
      ValueError: see `find_methods`; names what is missing or of another length, of all methods at
        once; or the sides of the videos differ.
    """
    methods = find_methods(specifications, [pair.name for pair in pairs])
    chosen = [p for p in pairs if not partial or all(p.name in m.videos for m in methods)]
    if not chosen:
        raise ValueError(
            "there is no pair of which every method has a video; without --partial it is said what "
            "they lack"
        )
    _check_videos(methods, {p.name: p.driving for p in chosen}, reconstruction)
    return methods, chosen, size or _common_size(methods)


def square_frames(clip: Clip, size: int, skip: int = 0) -> Iterator[np.ndarray]:
    """The frames of a clip from number `skip` on, uint8 `[size, size, 3]`."""
    for frame in islice(iterate_frames(clip), skip, None):
        yield fit_square(frame, size)


def _check_videos(
    methods: Sequence[Method], wanted: Mapping[str, Clip], reconstruction: bool
) -> None:
    problems = []
    for method in methods:
        missing = [name for name in wanted if name not in method.videos]
        if missing:
            count = f"{len(missing)} of {len(wanted)} videos"
            problems.append(f"{method.name} lacks {count} ({first_names(missing)})")
        wrong = [
            f"{name} has {clip.frames} frames for {wanted[name].frames} of the driver"
            for name, clip in method.videos.items()
            if name in wanted
            and wanted[name].frames - clip.frames not in ((0, 1) if reconstruction else (0,))
        ]
        if wrong:
            problems.append(f"{method.name}: {first_names(wrong)}")
    if problems:
        raise ValueError(
            f"{'; '.join(problems)}; generate these again, or take with --partial what every "
            "method has"
        )


def _common_size(methods: Sequence[Method]) -> int:
    sizes = {
        min(clip.height, clip.width): f"{method.name}'s {name}"
        for method in methods
        for name, clip in method.videos.items()
    }
    if len(sizes) > 1:
        shown = ", ".join(f"{size} in {where}" for size, where in sorted(sizes.items()))
        raise ValueError(f"generated frames differ in size ({shown}); choose one with --image_size")
    return next(iter(sizes))


def _children(folder: str) -> list[tuple[str, str]]:
    _check_folder(folder)
    inner = sorted(entry for entry in Path(folder).iterdir() if entry.is_dir())
    shown = [(entry.name, str(entry)) for entry in inner if not entry.name.startswith(".")]
    if not shown:
        raise ValueError(
            f"{folder} holds no folders of methods; give --methods=name=FOLDER instead"
        )
    return shown


def _videos(place: str, names: Sequence[str]) -> dict[str, Clip]:
    if PLACEHOLDER in place:
        paths = {name: place.replace(PLACEHOLDER, name) for name in names}
        return {name: probe_clip(path) for name, path in paths.items() if os.path.exists(path)}
    _check_folder(place)
    return {clip.name: clip for clip in find_clips(place) if clip.name in set(names)}


def _check_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder} of generated videos")
