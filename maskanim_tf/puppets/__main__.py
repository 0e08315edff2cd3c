"""Writes a data set of puppet videos: `python -m maskanim_tf.puppets --output=DIR`."""

from __future__ import annotations

import dataclasses
import itertools
import os

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.media.panels import contact_sheet, write_picture
from maskanim_tf.puppets.puppet_dataset import DatasetParameters, write_dataset

_SHEET_CLIPS = 8


@dataclasses.dataclass(frozen=True)
class PuppetOptions(Section):
    """Where the data set goes."""

    output: str = option("", "folder of the data set; made if needed")
    sheet: str = option("", "also write a contact sheet of the first clips to this PNG file")


def main(parameters: DatasetParameters, options: PuppetOptions) -> None:
    """Writes the data set, and the sheet if asked for."""
    if not options.output:
        raise ValueError("--output must name a folder")
    write_dataset(options.output, parameters, progress=True)
    if options.sheet:
        first = itertools.islice(parameters.indices(), _SHEET_CLIPS)
        clips = [parameters.make_clip(index) for _, index in first]
        write_picture(
            options.sheet,
            contact_sheet([(f"{clip.name}  {clip.action}", clip.frames) for clip in clips]),
        )
    print(
        f"{parameters.clips} training and {parameters.test_clips} test clips are in "
        f"{os.path.abspath(options.output)}"
    )


if __name__ == "__main__":
    run_command(main, DatasetParameters, PuppetOptions)
