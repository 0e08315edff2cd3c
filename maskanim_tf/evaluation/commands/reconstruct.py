"""Rebuilds and scores test videos: `python -m maskanim_tf.evaluation.commands.reconstruct`.

With `--pairs=across` every clip is driven by a partner, which shows the same motion on another
identity, and compared with its own frames: animation across identities, measured exactly.

What is done is kept: started again, the command goes on with the next clip.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.commands import run_command, say
from maskanim_tf.config import Config, Section, option
from maskanim_tf.config.sections import DATASETS, OTHER, SAME
from maskanim_tf.data.partners import evaluation_drivers
from maskanim_tf.data.sources import open_clips
from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.metrics import IOU
from maskanim_tf.evaluation.published import FOMM, published_fomm, published_rows
from maskanim_tf.evaluation.reconstruction import COPY, FORMATS, MODEL, Reconstruction
from maskanim_tf.evaluation.result_files import read_json, write_json, write_results
from maskanim_tf.evaluation.scoring import ACROSS, RECONSTRUCTION
from maskanim_tf.evaluation.tables import add_reasons, format_improvement, format_table, means
from maskanim_tf.evaluation.truth_judge import NO_TRUTH
from maskanim_tf.inference import PRECISIONS, at_precision, resolve_precision
from maskanim_tf.inference.precision import FLOAT32
from maskanim_tf.models import ABLATIONS, Animator, load_animator

ACROSS_PAIRS = "across"


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
    pairs: str = option(
        SAME,
        "who drives a clip: itself, or a clip of the same motion on another identity",
        choices=(SAME, ACROSS_PAIRS),
    )
    clips: int = option(0, "at most so many clips; 0: all", minimum=0)
    format: str = option("mp4", "H.264 for browsers, or a lossless folder of PNG", choices=FORMATS)
    batch_size: int = option(8, "frames generated at once", minimum=1)
    precision: str = option(
        FLOAT32, "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )
    output: str = option("out/reconstruct", "folder for videos/, results.json and results.csv")


def main(options: ReconstructOptions, detector_options: DetectorOptions) -> None:
    """Rebuilds and scores the test clips, prints the table and writes the results."""
    options = options.replace(precision=resolve_precision(options.precision, say))
    animator, config = load_animator(options.checkpoint, options.ablation)
    config = _with_data(config, options)
    dataset = config.data.dataset
    detectors = open_detectors(detector_options, dataset)
    clips = open_clips(config, keys.TEST)
    settings = _settings(animator, config, options, detector_options)
    settings |= detectors.names
    across = options.pairs == ACROSS_PAIRS
    drivers = evaluation_drivers(clips.names, OTHER if across else SAME, wish="--pairs=across")
    _claim(options.output, settings)
    results = Reconstruction(
        AnimatorGenerator(at_precision(animator, options.precision)),
        clips,
        drivers[: options.clips or None],
        detectors,
        Path(options.output),
        options.format,
        options.batch_size,
    ).run()
    reasons = add_reasons(detectors.not_measured, results)
    if across and not any(IOU in scores for scores in results[MODEL].values()):
        reasons.setdefault(IOU, NO_TRUTH)
    columns = ACROSS if across else RECONSTRUCTION
    write_results(options.output, settings, results, columns, reasons)
    measured = means(results)
    published = {} if across else published_rows(dataset)
    print(format_table({**published, **measured}, columns, reasons))
    baselines = {f"improvement over the {COPY}": measured[COPY]}
    if not across:
        baselines = {f"improvement over {FOMM} as published": published_fomm(dataset)} | baselines
    unknown = f"nothing is published for the data set {dataset!r}; name one with --dataset"
    for label, baseline in baselines.items():
        print(format_improvement(label, measured[MODEL], baseline) or f"{label}: {unknown}")
    print(f"{len(results[MODEL])} videos: {options.output}/videos, results.json and results.csv")


def _with_data(config: Config, options: ReconstructOptions) -> Config:
    """The configuration of the training with the data that the options name."""
    data = config.data
    data = data.replace(
        data_dir=options.data_dir or data.data_dir,
        picture_strips=options.picture_strips or data.picture_strips,
        held_out=data.held_out if options.held_out < 0 else options.held_out,
        dataset=options.dataset or data.dataset,
    )
    return config.replace(data=data)


def _settings(
    animator: Animator,
    config: Config,
    options: ReconstructOptions,
    detector_options: DetectorOptions,
) -> dict[str, Any]:
    """What the results depend on."""
    digest = hashlib.sha256()
    for network in animator.networks:
        for weight in network.get_weights():
            digest.update(np.ascontiguousarray(weight).tobytes())
    return {
        "weights": digest.hexdigest()[:16],
        "ablation": options.ablation,
        "precision": options.precision,
        "data_dir": config.data.data_dir,
        "held_out": config.data.held_out,
        "seed": config.seed,
        "pairs": options.pairs,
        "format": options.format,
        "side": config.model.image_size,
        **detector_options.to_dict(),
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


if __name__ == "__main__":
    run_command(main, ReconstructOptions, DetectorOptions)
