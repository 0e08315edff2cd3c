"""`python -m maskanim_tf.evaluation.reconstruct`: rebuilds test videos and scores the result.

What is done is kept: started again, the command goes on with the next clip.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from maskanim_tf import names
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.config.sections import DATASETS
from maskanim_tf.data.sources import open_clips
from maskanim_tf.evaluation.instruments import InstrumentOptions, describe, open_instruments
from maskanim_tf.evaluation.published import FOMM, published_fomm, published_rows
from maskanim_tf.evaluation.reconstruction import COPY, FORMATS, MODEL, Reconstruction
from maskanim_tf.evaluation.results import read_json, write_json, write_results
from maskanim_tf.evaluation.scoring import RECONSTRUCTION
from maskanim_tf.evaluation.tables import add_reasons, format_improvement, format_table, means
from maskanim_tf.models import ABLATIONS, Animator, load_animator


@dataclasses.dataclass(frozen=True)
class ReconstructOptions(Section):
    """Options of the command."""

    checkpoint: str = option("", "weights of a run; the embedded ones by default")
    ablation: str = option("none", "what is left out of the model", choices=ABLATIONS)
    data_dir: str = option("", "folder of videos or prepared shards; that of training by default")
    picture_strips: bool = option(
        False, "its pictures are strips of frames; as in training by default"
    )
    held_out: int = option(
        -1, "test clips where there is no test folder; as in training by default", minimum=-1
    )
    dataset: str = option(
        "",
        "whose published figures are shown; that of training by default",
        choices=("", *DATASETS),
    )
    clips: int = option(0, "at most so many clips; 0: all", minimum=0)
    format: str = option("mp4", "H.264 for browsers, or a lossless folder of PNG", choices=FORMATS)
    batch_size: int = option(8, "frames generated at once", minimum=1)
    output: str = option("out/reconstruct", "folder for videos/, results.json and results.csv")


def main(options: ReconstructOptions, instrument_options: InstrumentOptions) -> None:
    """Rebuilds and scores the test clips, prints the table and writes the results."""
    animator, config = load_animator(options.checkpoint, options.ablation)
    config = _with_data(config, options)
    dataset = config.data.dataset
    instruments = open_instruments(instrument_options, dataset)
    clips = open_clips(config, names.TEST)
    settings = _settings(animator, config, options, instrument_options)
    settings |= describe(instruments, instrument_options)
    _claim(options.output, settings)
    work = Reconstruction(
        animator, clips, instruments, options.output, options.format, options.batch_size
    )
    results = work.run(options.clips)
    reasons = add_reasons(instruments.not_measured, results)
    write_results(options.output, settings, results, RECONSTRUCTION, reasons)
    measured = means(results)
    print(format_table({**published_rows(dataset), **measured}, RECONSTRUCTION, reasons))
    for label, baseline in (
        (f"improvement over {FOMM} as published", published_fomm(dataset)),
        (f"improvement over the {COPY}", measured[COPY]),
    ):
        print(
            format_improvement(label, measured[MODEL], baseline) or f"{label}: {_unknown(dataset)}"
        )
    print(f"{len(results[MODEL])} videos: {options.output}/videos, results.json and results.csv")


def _with_data(config: Config, options: ReconstructOptions) -> Config:
    """The configuration of the training with the data that the options name."""
    changes: dict[str, Any] = {}
    if options.data_dir:
        changes["data_dir"] = options.data_dir
    if options.picture_strips:
        changes["picture_strips"] = True
    if options.held_out >= 0:
        changes["held_out"] = options.held_out
    if options.dataset:
        changes["dataset"] = options.dataset
    return config.replace(data=config.data.replace(**changes))


def _settings(
    animator: Animator,
    config: Config,
    options: ReconstructOptions,
    instrument_options: InstrumentOptions,
) -> dict[str, Any]:
    """What the results depend on."""
    digest = hashlib.sha256()
    for network in animator.networks:
        for weight in network.get_weights():
            digest.update(np.ascontiguousarray(weight).tobytes())
    return {
        "weights": digest.hexdigest()[:16],
        "ablation": options.ablation,
        "data_dir": config.data.data_dir,
        "held_out": config.data.held_out,
        "seed": config.seed,
        "format": options.format,
        "side": config.model.image_size,
        **instrument_options.to_dict(),
    }


def _claim(output: str, settings: dict[str, Any]) -> None:
    """Writes the settings, or checks that those of an earlier run are the same."""
    path = Path(output) / "settings.json"
    if not path.exists():
        write_json(path, settings)
        return
    earlier = read_json(path)
    for name, value in settings.items():
        if earlier.get(name) != value:
            raise ValueError(
                f"{output} holds results of other settings ({name} was {earlier.get(name)!r}, is "
                f"{value!r}); choose another --output, or remove it"
            )


def _unknown(dataset: str) -> str:
    return f"nothing is published for the data set {dataset!r}; name one with --dataset"


if __name__ == "__main__":
    run_command(main, ReconstructOptions, InstrumentOptions)
