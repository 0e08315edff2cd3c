"""`maskanim study make`: a page on which people choose between the films of several methods.

They see a picture, a driver and the methods' films in random order, and say which is the most
realistic animation of the picture, and which follows the driver best. The page is a folder that
needs no server and no network; what people choose stays in their browser until they save a file.
"""

from __future__ import annotations

import dataclasses
import os

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.clip_pairs import listed_pairs, test_clips
from maskanim_tf.evaluation.methods import gather
from maskanim_tf.evaluation.study.study_key import KEY_FILE
from maskanim_tf.evaluation.study.study_page import PAGE, write_study


@dataclasses.dataclass(frozen=True)
class MakeOptions(Section):
    """Options of the command."""

    methods: tuple[str, ...] = option(
        (), "name=FOLDER,... or name=PATTERN with {name} in it, or a folder with one per method"
    )
    pairs: str = option("", "CSV with the columns source,driving[,name][,dataset]")
    data_dir: str = option("", "folder of the test videos that pairs name without a path")
    partial: bool = option(False, "show only the pairs of which every method has a film")
    rounds: int = option(
        1, "pairs of each data set that a person sees, drawn at random; 0: all", minimum=0
    )
    image_size: int = option(
        0, "side at which films are shown, even; 0: that of the generated ones", minimum=0
    )
    welcome: str = option("", "a few sentences for the first page, such as who asks, and why")
    farewell: str = option(
        "Please hand the file to the person who invited you.",
        "what people are to do with the file of their answers",
    )
    output: str = option("out/study", "new folder for the page and, beside it, its key")


def main(options: MakeOptions) -> None:
    """Writes the page and its key."""
    if not options.pairs:
        raise ValueError("nothing to show; give --pairs=CSV with the columns source,driving")
    pairs = listed_pairs(options.pairs, test_clips(options.data_dir, strips=False))
    methods, pairs, size = gather(options.methods, pairs, options.partial, options.image_size)
    texts = options.welcome, options.farewell
    key = write_study(options.output, pairs, methods, size, options.rounds, *texts)
    page, path = (os.path.join(options.output, name) for name in (PAGE, KEY_FILE))
    of_each = f"{options.rounds or 'all'} of each data set"
    print(
        f"{len(pairs)} pairs of {len(key.datasets)} data sets by {len(methods)} methods at "
        f"{size}x{size}; a person sees {of_each}\n"
        f"{page}: hand out the whole folder; people open its index.html\n"
        f"{path}: keep it to yourself; it says whose each film is\n"
        f"then: maskanim study tally --key={path} --votes=FOLDER"
    )


if __name__ == "__main__":
    run_command(main, MakeOptions)
