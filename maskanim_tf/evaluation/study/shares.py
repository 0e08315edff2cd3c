"""The paper's table 3: how often each method's film was chosen, and how sure that is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from maskanim_tf.evaluation.published import QUESTIONS, published_choices
from maskanim_tf.evaluation.study.ballots import Ballot
from maskanim_tf.evaluation.study.study_key import StudyKey

CONFIDENCE = 95
Z = 1.959964  # Of the normal distribution, for that confidence.


@dataclasses.dataclass(frozen=True)
class Share:
    """A share in [0, 1] and its confidence interval."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Row:
    """What was answered to one question about one data set.

    Attributes:
      question: one of `QUESTIONS`.
      dataset: its name.
      votes: how many there are.
      shares: per method.
    """

    question: str
    dataset: str
    votes: int
    shares: dict[str, Share]


def table_3(ballots: Sequence[Ballot], key: StudyKey) -> list[Row]:
    """A row per question and data set that was voted on."""
    rows = []
    for question in QUESTIONS:
        for dataset in key.datasets:
            chosen = [
                [
                    key.trials[vote.trial].films[vote.chosen[question]]
                    for vote in ballot.votes
                    if key.trials[vote.trial].dataset == dataset
                ]
                for ballot in ballots
            ]
            people = [choices for choices in chosen if choices]
            if people:
                counts = {
                    method: [(choices.count(method), len(choices)) for choices in people]
                    for method in key.methods
                }
                shares = {method: share_of(each) for method, each in counts.items()}
                rows.append(Row(question, dataset, sum(map(len, people)), shares))
    return rows


def share_of(people: Sequence[tuple[int, int]]) -> Share:
    """The share of votes for something, with Wilson's interval of 95 % confidence.

    Votes of one person are alike, so they count as fewer than they are: as many as would give the
    variance that is seen between people, but no fewer than there are people.

    Args:
      people: per person the votes for it, and all votes.
    """
    votes = sum(count for _, count in people)
    share = sum(hits for hits, _ in people) / votes
    spread = sum((hits - share * count) ** 2 for hits, count in people) / votes**2
    spread *= len(people) / max(len(people) - 1, 1)
    variance = share * (1 - share)
    # Of one person nobody knows how much others differ.
    worth = variance / max(spread, 1e-12) if len(people) > 1 else 1
    size = min(max(worth, len(people)), votes)
    centre = (share + Z * Z / (2 * size)) / (1 + Z * Z / size)
    half = Z * math.sqrt(variance / size + (Z / (2 * size)) ** 2) / (1 + Z * Z / size)
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))


def format_table_3(rows: Sequence[Row], key: StudyKey) -> str:
    """The table, and below it the published one of data sets that are in the paper."""
    lines = [("", "", *key.methods, "votes")]
    for row in rows:
        shares = (_shown(row.shares[method]) for method in key.methods)
        lines.append((row.question, row.dataset, *shares, str(row.votes)))
    published = [(row, published_choices(row.dataset, row.question)) for row in rows]
    known = [(row, choices) for row, choices in published if choices]
    text = (
        f"percent of choices (interval of {CONFIDENCE} % confidence); by chance it would be "
        f"{100 / len(key.methods):.0f} %\n{_aligned(lines)}"
    )
    if known:
        head = ("", "", *known[0][1])
        cells = [
            (row.question, row.dataset, *(f"{percent} %" for percent in choices.values()))
            for row, choices in known
        ]
        text += f"\n\npublished, of 25 people\n{_aligned([head, *cells])}"
    return text


def _shown(share: Share) -> str:
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns of words to the left, of figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )
