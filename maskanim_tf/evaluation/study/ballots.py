"""The files that people saved on the page of a study: read, and checked before they count."""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskanim_tf.evaluation.published import QUESTIONS
from maskanim_tf.evaluation.study.study_key import StudyKey

SUFFIX = ".json"


@dataclasses.dataclass(frozen=True)
class Vote:
    """What a person chose in one round.

    Attributes:
      trial: name of the pair on the page.
      chosen: per question the film.
      seconds: that it took.
    """

    trial: str
    chosen: dict[str, str]
    seconds: int


@dataclasses.dataclass(frozen=True)
class Ballot:
    """What a person chose in all rounds.

    Attributes:
      person: a name that the page drew.
      rounds: that the page would have shown.
      votes: of the rounds that were gone through.
    """

    person: str
    rounds: int
    votes: tuple[Vote, ...]


def read_ballots(places: Sequence[str], key: StudyKey) -> list[Ballot]:
    """The votes of all people; all of them count, or none.

    Args:
      places: files, or folders of them; other files in a folder than `.json` are not looked at.
      key: of the study.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: there is none at all, or some are damaged, of another study or of a person whose
        votes are in another file; the message names them.
    """
    paths = [path for place in places for path in _files(place)]
    if not paths:
        raise ValueError("no votes to count; give --votes=FOLDER or --votes=FILE,...")
    ballots: dict[str, tuple[Path, Ballot]] = {}
    problems = []
    for path in paths:
        try:
            ballot = read_ballot(path, key)
        except ValueError as error:
            problems.append(str(error))
            continue
        if ballot.person in ballots:
            earlier, _ = ballots[ballot.person]
            problems.append(f"{path} is by the person who saved {earlier}; keep one of them")
        ballots[ballot.person] = path, ballot
    if problems:
        raise ValueError("; ".join(problems))
    return [ballot for _, ballot in ballots.values()]


def read_ballot(path: str | os.PathLike[str], key: StudyKey) -> Ballot:
    """One file.

    Raises:
      OSError: it cannot be read.
      ValueError: it is damaged, or of another study.
    """
    try:
        content = json.loads(Path(path).read_bytes())
        if content["crc32"] != checksum(content["ballot"]):
            raise ValueError("the checksum is another one")
        content = content["ballot"]
        if content["study"] == key.study:
            votes = tuple(_vote(vote, key) for vote in content["votes"])
            if len({vote.trial for vote in votes}) < len(votes):
                raise ValueError("one pair twice")
            return Ballot(str(content["person"]), int(content["rounds"]), votes)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged, or no file of votes; ask for it again, or take it away"
        ) from error
    raise ValueError(f"{path} belongs to another study; take it away, or give its --key")


def checksum(ballot: Any) -> str:
    """What the page writes beside votes: CRC-32 of their JSON without spaces, as 8 digits.

    It shows accidents, and keeps nobody from inventing votes.
    """
    text = json.dumps(ballot, separators=(",", ":"), ensure_ascii=False)
    return f"{zlib.crc32(text.encode()):08x}"


def _vote(content: Any, key: StudyKey) -> Vote:
    films = key.trials[content["trial"]].films
    chosen = {question: content[question] for question in QUESTIONS}
    if sorted(content["shown"]) != sorted(films) or not set(chosen.values()) <= set(films):
        raise ValueError("films of another pair")
    return Vote(content["trial"], chosen, int(content["seconds"]))


def _files(place: str) -> list[Path]:
    path = Path(place)
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.suffix == SUFFIX)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {place} of votes")
    return [path]
