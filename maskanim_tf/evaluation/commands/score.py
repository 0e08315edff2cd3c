"""`python -m maskanim_tf.evaluation.commands.score`: scores videos that any program generated.

Without pairs the videos are reconstructions: each is named as a test video and compared with it.
With pairs the pose is compared with the driver and the identity with the source.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from maskanim_tf.commands import run_command
from maskanim_tf.config import Section, option
from maskanim_tf.config.sections import DATASETS
from maskanim_tf.evaluation.clip_pairs import Pair, listed_pairs, test_clips
from maskanim_tf.evaluation.detectors import (
    DetectorOptions,
    Detectors,
    open_detectors,
)
from maskanim_tf.evaluation.methods import Method, gather, square_frames
from maskanim_tf.evaluation.published import FOMM, published_rows
from maskanim_tf.evaluation.result_files import write_results
from maskanim_tf.evaluation.scoring import (
    ANIMATION,
    RECONSTRUCTION,
    Results,
    Score,
    compare_animation,
    compare_reconstruction,
    observe,
    pool,
)
from maskanim_tf.evaluation.tables import add_reasons, format_improvement, format_table, means
from maskanim_tf.media.clips import Clip, batched

BATCH = 16


@dataclasses.dataclass(frozen=True)
class ScoreOptions(Section):
    """Options of the command."""

    methods: tuple[str, ...] = option(
        (), "name=FOLDER,... or name=PATTERN with {name} in it, or a folder with one per method"
    )
    data_dir: str = option("", "folder of the test videos")
    picture_strips: bool = option(
        False, "its pictures are strips of frames, as with --picture_strips in training"
    )
    pairs: str = option("", "CSV with the columns source,driving[,name]: scores animations")
    partial: bool = option(False, "score only the videos that every method has")
    image_size: int = option(
        0, "side at which frames are compared; 0: that of the generated ones", minimum=0
    )
    dataset: str = option("custom", "whose published figures are shown", choices=DATASETS)
    output: str = option("out/score", "folder for results.json and results.csv")


def main(options: ScoreOptions, detector_options: DetectorOptions) -> None:
    """Scores every method, prints one table and writes the results."""
    detectors = open_detectors(detector_options, options.dataset)
    pairs = find_pairs(options)
    reconstruction = not options.pairs
    methods, pairs, size = gather(
        options.methods,
        pairs,
        options.partial,
        options.image_size,
        reconstruction=reconstruction,
    )
    results = score_methods(methods, pairs, detectors, size, reconstruction=reconstruction)
    columns = RECONSTRUCTION if reconstruction else ANIMATION
    reasons = add_reasons(detectors.not_measured, results)
    settings = {**options.to_dict(), **detectors.names, "side": size}
    write_results(options.output, settings, results, columns, reasons)
    measured = means(results)
    rows = {**(published_rows(options.dataset) if reconstruction else {}), **measured}
    print(format_table(rows, columns, reasons))
    baseline = next((name for name in measured if name.lower() == FOMM.lower()), None)
    for name, values in measured.items():
        if baseline and name != baseline:
            better = format_improvement(f"{name} over {baseline}", values, measured[baseline])
            print(better or f"{name} over {baseline}: no metric could be measured")
    print(f"{len(pairs)} videos at {size}x{size}; per video: {options.output}/results.csv")


def find_pairs(options: ScoreOptions) -> list[Pair]:
    """What generated videos are compared with; a test video is its own source and driver.

    Raises:
      OSError, ValueError: there is no list of pairs and no test folder, or one is damaged.
    """
    if not options.data_dir and not options.pairs:
        raise ValueError(
            "nothing to compare with; give --data_dir=FOLDER of test videos or --pairs"
        )
    clips = test_clips(options.data_dir, options.picture_strips)
    if options.pairs:
        return listed_pairs(options.pairs, clips)
    return [Pair(name, clip, clip) for name, clip in clips.items() if clip.frames > 1]


def score_methods(
    methods: Sequence[Method],
    pairs: Sequence[Pair],
    detectors: Detectors,
    size: int,
    *,
    reconstruction: bool,
) -> Results:
    """Scores every video of every method; the drivers are observed once for all methods.

    Raises:
      ValueError: a video is damaged.
    """
    results: Results = {method.name: {} for method in methods}
    total = sum(pair.driving.frames for pair in pairs)
    with tqdm(desc="score", total=total, unit="frame") as bar:
        for pair in pairs:
            videos = {method.name: method.videos[pair.name] for method in methods}
            parts: dict[str, list[dict[str, Score]]] = {method.name: [] for method in methods}
            source = observe(detectors, np.stack([next(square_frames(pair.source, size))]))
            for real, generated in _together(pair.driving, videos, size, int(reconstruction)):
                driving = observe(detectors, real)
                for method, frames in generated.items():
                    seen = observe(detectors, frames)
                    parts[method].append(
                        compare_reconstruction(driving, seen)
                        if reconstruction
                        else compare_animation(driving, source, seen)
                    )
                bar.update(len(real))
            for method, scores in parts.items():
                results[method][pair.name] = pool(scores)
    return results


def _together(
    driving: Clip, videos: dict[str, Clip], size: int, skip: int
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Batches of driving frames from number `skip` on, and what each method made of them."""
    # A shorter video begins at the second frame.
    streams = [
        batched(square_frames(clip, size, skip - (driving.frames - clip.frames)), BATCH)
        for clip in (driving, *videos.values())
    ]
    for real, *generated in zip(*streams):
        yield real, dict(zip(videos, generated))


if __name__ == "__main__":
    run_command(main, ScoreOptions, DetectorOptions)
