"""Writes a data set of videos of synthetic people: `python -m maskanim_tf.people --output=DIR`.

Drawn by a cluster: `--runner=DaskRunner -- --dask_client_address=tcp://HOST:8786`. What follows a
lone `--` are pipeline options of Apache Beam.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import sys
from collections.abc import Sequence

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.engine import Engine, EngineOptions, split_command_line
from maskanim_tf.media.panels import contact_sheet, write_picture

try:
    from maskanim_tf.people.people_dataset import DatasetParameters, write_dataset
except ModuleNotFoundError as error:
    sys.exit(f"error: {error}: install what people need with pip install 'maskanim[people]'")


@dataclasses.dataclass(frozen=True)
class PeopleOptions(Section):
    """Where the data set goes, and who draws it."""

    output: str = option("", "folder of the data set; made if needed")
    sheet: str = option("", "also write a contact sheet of the first clips to this PNG file")
    sheet_clips: int = option(8, "rows of the contact sheet", minimum=1)
    processes: int = option(0, "how many draw at the same time; 0: one on each core", minimum=0)


def main(
    parameters: DatasetParameters,
    options: PeopleOptions,
    engine_options: EngineOptions,
    beam_arguments: Sequence[str],
) -> None:
    """Writes the data set, and the sheet if asked for."""
    if not options.output:
        raise ValueError("--output must name a folder")
    arguments = engine_options.arguments(beam_arguments)
    engine = Engine(arguments) if arguments else None
    if engine is not None and engine.embedded:
        raise ValueError("this machine draws without a --runner, in as many --processes as wanted")
    processes = options.processes or len(os.sched_getaffinity(0))
    write_dataset(options.output, parameters, processes=processes, engine=engine, progress=True)
    if options.sheet:
        first = itertools.islice(parameters.clip_numbers(), options.sheet_clips)
        clips = [parameters.make_clip(person, motion) for _, person, motion in first]
        rows = [(f"{c.name}  {c.action}, {c.framing}, {c.movement}", c.frames) for c in clips]
        write_picture(options.sheet, contact_sheet(rows))
    print(
        f"{parameters.clips} training and {parameters.test_clips} test clips are in "
        f"{os.path.abspath(options.output)}"
    )


if __name__ == "__main__":
    arguments, beam_options = split_command_line(sys.argv)
    run_command(
        lambda parameters, options, engine: main(parameters, options, engine, beam_options),
        DatasetParameters,
        PeopleOptions,
        EngineOptions,
        argv=arguments,
    )
