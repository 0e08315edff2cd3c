"""A study of two methods, about four pairs of two data sets, and answers as its page saves them."""

import functools
import json

from maskanim_tf.evaluation.commands.study_make import MakeOptions, main
from maskanim_tf.evaluation.study.ballots import checksum
from maskanim_tf.evaluation.study.study_key import read_key
from tests.evaluation.clips import puppet_frames, write_frames

METHODS = ("ours", "theirs", "others")
DATASETS = {"p0": "vox", "p1": "vox", "p2": "dolls", "p3": "dolls"}


@functools.cache
def puppet(index):
    return puppet_frames(index)


def write_films(folder):
    """Test clips, a table of pairs, and films of each method."""
    for index, name in enumerate(DATASETS):
        write_frames(folder / "test" / name, puppet(index))
    rows = [f"p{n},p{n},p{n},{dataset}" for n, dataset in enumerate(DATASETS.values())]
    (folder / "pairs.csv").write_text("source,driving,name,dataset\n" + "\n".join(rows))
    for number, method in enumerate(METHODS):
        for index, name in enumerate(DATASETS):
            write_frames(folder / "methods" / method / name, puppet(index + number))


def options(folder, **changes):
    values = {
        "methods": tuple(f"{method}={folder}/methods/{method}" for method in METHODS),
        "pairs": str(folder / "pairs.csv"),
        "data_dir": str(folder / "test"),
        "output": str(folder / "study"),
    }
    return MakeOptions(**{**values, **changes})


def make_study(folder, **changes):
    """Writes films and a study; returns its key."""
    write_films(folder)
    main(options(folder, **changes))
    return read_key(folder / "study" / "key.json")


def answers(key, person, votes, rounds=2):
    """What the page would save: per vote the pair, the method of quality and that of motion."""
    named = {trial.pair: (name, trial.films) for name, trial in key.trials.items()}
    made = []
    for pair, quality, motion in votes:
        name, films = named[pair]
        of = {method: film for film, method in films.items()}
        chosen = {"quality": of[quality], "motion": of[motion]}
        made.append({"trial": name, "shown": list(films), **chosen, "seconds": 20})
    return {"study": key.study, "person": person, "rounds": rounds, "votes": made}


def save(path, ballot):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"crc32": checksum(ballot), "ballot": ballot}))
    return path
