"""Writing the page of a study: films under meaningless names, and the key to them beside it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maskanim_tf.evaluation.clip_pairs import Pair
from maskanim_tf.evaluation.methods import Method, square_frames
from maskanim_tf.evaluation.result_files import write_json
from maskanim_tf.evaluation.study.study_key import KEY_FILE, StudyKey, Trial
from maskanim_tf.media.clips import clip_timing
from maskanim_tf.media.outputs import write_output
from maskanim_tf.media.panels import write_picture
from maskanim_tf.media.provenance import Provenance
from maskanim_tf.storage.files import atomic_path

STATIC = Path(__file__).parent / "static"
PAGE, FILMS, MANIFEST = "page", "films", "trials.js"
# All films say alike that they are synthetic.
NOTE = "a method of a user study"


def write_study(
    output: str | os.PathLike[str],
    pairs: Sequence[Pair],
    methods: Sequence[Method],
    size: int,
    rounds: int,
    welcome: str,
    farewell: str,
) -> StudyKey:
    """Writes the folder `page`, which can be handed out, and `key.json`, which must not be.

    Pictures and films are cut to squares of one size and encoded alike, without sound, at the
    times of the driver's frames, so that they differ in nothing but what the methods made.

    Args:
      output: a new folder for both.
      pairs: what may be shown.
      methods: with a film of every pair, as many frames long as the driver.
      size: side of the films in pixels, even.
      rounds: pairs of each data set that a person sees; 0 for all.
      welcome: what people read at the beginning.
      farewell: what they are to do with their file.

    Returns:
      The key.

    Raises:
      FileExistsError: something is there already.
      ValueError: fewer than two methods, an odd size, or a broken clip.
      OSError: the folder cannot be written.
    """
    if os.path.lexists(output) and not (os.path.isdir(output) and not os.listdir(output)):
        raise FileExistsError(
            f"{output} is there already, and votes for a study need its key; choose another "
            "--output, or remove it"
        )
    if len(methods) < 2:
        raise ValueError(
            f"people choose between methods, but there is {methods[0].name} alone; give two or "
            "more with --methods"
        )
    if size % 2:
        raise ValueError(f"films must have an even side, not {size}; choose it with --image_size")
    with atomic_path(output) as partial:
        page = partial / PAGE
        shutil.copytree(STATIC, page, ignore=shutil.ignore_patterns("__pycache__"))
        (page / FILMS).mkdir()
        trials = {}
        for pair in tqdm(pairs, desc="films", unit="pair"):
            name, films = _write_films(page / FILMS, pair, methods, size)
            trials[name] = Trial(pair.name, pair.dataset, films)
        key = StudyKey(_token(), tuple(method.name for method in methods), trials)
        content = {"study": key.study, "rounds": rounds, "sets": _sets(key)}
        content |= {"welcome": welcome, "farewell": farewell}
        manifest = json.dumps(content, indent=2)
        (page / MANIFEST).write_text(f"const STUDY = {manifest};\n", encoding="utf-8")
        # When each film was written would tell its method.
        now = time.time()
        for path in page.rglob("*"):
            os.utime(path, (now, now))
        write_json(partial / KEY_FILE, key)
    return key


def _write_films(
    folder: Path, pair: Pair, methods: Sequence[Method], size: int
) -> tuple[str, dict[str, str]]:
    """Source, driver and the methods' films of a pair; returns its name and whose each film is."""
    trial = _token()
    write_picture(folder / f"{trial}.png", next(square_frames(pair.source, size)))
    timing = clip_timing(pair.driving)
    write_output(folder / f"{trial}.mp4", square_frames(pair.driving, size), timing)
    films = {_token(): method for method in methods}
    for film, method in films.items():
        frames = square_frames(method.videos[pair.name], size)
        write_output(folder / f"{film}.mp4", frames, timing, note=Provenance(NOTE))
    # In an order that means nothing.
    return trial, {film: films[film].name for film in sorted(films)}


def _sets(key: StudyKey) -> list[list[dict[str, Any]]]:
    """What the page knows of the pairs of each data set."""
    return [
        [
            {"trial": name, "films": list(trial.films)}
            for name, trial in key.trials.items()
            if trial.dataset == dataset
        ]
        for dataset in key.datasets
    ]


def _token() -> str:
    """A name that nobody can guess."""
    return secrets.token_hex(6)
