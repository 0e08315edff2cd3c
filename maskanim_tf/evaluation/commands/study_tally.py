"""`maskanim study tally`: counts what people chose on a page of `maskanim study make`.

Prints the paper's table 3: per question and data set the percentage of choices of each method's
film, with intervals of 95 % confidence. Files that are damaged, of another study, or by a person of
whom there is another one are refused.
"""

from __future__ import annotations

import dataclasses
import statistics

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.result_files import write_json
from maskanim_tf.evaluation.study.ballots import read_ballots
from maskanim_tf.evaluation.study.shares import format_table_3, table_3
from maskanim_tf.evaluation.study.study_key import read_key


@dataclasses.dataclass(frozen=True)
class TallyOptions(Section):
    """Options of the command."""

    key: str = option("out/study/key.json", "file that was written beside the page")
    votes: tuple[str, ...] = option((), "files that people saved, or folders of them")
    output: str = option("", "JSON file for the figures; none by default")


def main(options: TallyOptions) -> None:
    """Counts, prints the table and writes the figures."""
    key = read_key(options.key)
    ballots = read_ballots(options.votes, key)
    rows = table_3(ballots, key)
    seconds = [vote.seconds for ballot in ballots for vote in ballot.votes]
    if not seconds:
        raise ValueError("nobody finished a round; there is nothing to count")
    if options.output:
        write_json(options.output, {"people": len(ballots), "rows": rows})
    print(format_table_3(rows, key))
    stopped = sum(len(ballot.votes) < ballot.rounds for ballot in ballots)
    print(
        f"\npeople: {len(ballots)}; rounds: {len(seconds)}, of {statistics.median(seconds):.0f} s "
        f"(median); stopped before the end: {stopped}"
    )


if __name__ == "__main__":
    run_command(main, TallyOptions)
