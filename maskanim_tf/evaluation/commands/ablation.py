"""What each step is good for (figure 3): `python -m maskanim_tf.evaluation.commands.ablation`.

The full model and its three ablations animate the same pairs. The page shows every intermediate and
each variant's frame; its table holds the reconstruction of the drivers (L1, SSIM) and the animation
of the sources (key points against the driver, embeddings against the source).
"""

from __future__ import annotations

import dataclasses
import os

import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.commands import run_command, say
from maskanim_tf.config import Config, DataConfig, Section, option
from maskanim_tf.data.sampling import hold_out
from maskanim_tf.data.sources import folder_clips
from maskanim_tf.evaluation.ablation_page import write_page
from maskanim_tf.evaluation.ablation_runs import FULL, AblationRuns
from maskanim_tf.evaluation.clip_pairs import Pair, draw_pairs, listed_pairs, test_clips
from maskanim_tf.evaluation.detectors import DetectorOptions, open_detectors
from maskanim_tf.evaluation.metrics import L1, SSIM
from maskanim_tf.evaluation.result_files import write_results
from maskanim_tf.evaluation.scoring import ANIMATION, Results
from maskanim_tf.evaluation.tables import add_reasons, format_table, means
from maskanim_tf.inference import PRECISIONS, resolve_precision
from maskanim_tf.inference.precision import FLOAT32
from maskanim_tf.media.clips import Clip
from maskanim_tf.models import load_animator

COLUMNS = (L1, SSIM, *ANIMATION)


@dataclasses.dataclass(frozen=True)
class AblationOptions(Section):
    """Options of the command."""

    checkpoint: str = option("", "weights of a run; the embedded ones by default")
    pairs: str = option("", "CSV with the columns source,driving[,name]; drawn by default")
    data_dir: str = option("", "folder of test videos")
    picture_strips: bool = option(
        False, "its pictures are strips of frames; as in training by default"
    )
    held_out: int = option(
        -1, "test clips where there is no test folder; as in training by default", minimum=-1
    )
    count: int = option(4, "pairs that are drawn", minimum=1)
    seed: int = option(0, "seed of that draw", minimum=0)
    position: float = option(
        0.5, "which frame of a driver is shown: 0 the first, 1 the last", minimum=0, maximum=1
    )
    shown: int = option(8, "at most so many pairs are shown; all are scored", minimum=1)
    batch_size: int = option(8, "frames generated at once", minimum=1)
    precision: str = option(
        FLOAT32, "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )
    output: str = option("out/ablation", "folder for ablation.png, ablation.html and the results")


def main(options: AblationOptions, detector_options: DetectorOptions) -> None:
    """Animates, scores and writes the page."""
    options = options.replace(precision=resolve_precision(options.precision, say))
    animator, config = load_animator(options.checkpoint)
    detectors = open_detectors(detector_options, config.data.dataset)
    pairs = find_pairs(options, config)
    runs = AblationRuns(animator, detectors, options.batch_size, options.precision)
    results: Results = {variant: {} for variant in runs.variants}
    rows: list[dict[str, np.ndarray]] = []
    with tqdm(desc="ablation", total=sum(p.driving.frames for p in pairs), unit="frame") as bar:
        for pair in pairs:
            chosen = round(options.position * (pair.driving.frames - 1))
            scores, shown = runs.run(pair, chosen, bar.update)
            for variant, values in scores.items():
                results[variant][pair.name] = values
            rows.append(shown)
    reasons = add_reasons(detectors.not_measured, results)
    settings = {**options.to_dict(), **detectors.names}
    write_results(options.output, settings, results, COLUMNS, reasons)
    table = format_table(means(results), COLUMNS, reasons)
    print(table)
    write_page(
        options.output,
        pictures={key: np.stack([r[key] for r in rows[: options.shown]]) for key in rows[0]},
        keys=(*keys.INTERMEDIATES, *(v for v in runs.variants if v != FULL)),
        row_names=[pair.name for pair in pairs[: options.shown]],
        table=table,
    )
    print(f"{len(pairs)} pairs; look at {os.path.join(options.output, 'ablation.html')}")


def find_pairs(options: AblationOptions, config: Config) -> list[Pair]:
    """The listed pairs, or drawn ones of clips that were not trained on.

    Raises:
      OSError, ValueError: there is no list and no test folder, or one is damaged.
    """
    if not options.pairs and not options.data_dir:
        raise ValueError("no pairs; give a list with --pairs=CSV or test videos with --data_dir")
    strips = options.picture_strips or config.data.picture_strips
    if options.pairs:
        return listed_pairs(options.pairs, test_clips(options.data_dir, strips))
    held_out = config.data.held_out if options.held_out < 0 else options.held_out
    data = config.data.replace(data_dir=options.data_dir, held_out=held_out, picture_strips=strips)
    return draw_pairs(unseen_clips(data, config.seed), options.count, options.seed)


def unseen_clips(data: DataConfig, seed: int) -> list[Clip]:
    """The clips of a test folder, or those that training holds back; all if it holds back none."""
    clips, has_test = folder_clips(data.data_dir, keys.TEST, data)
    if has_test or not data.held_out:
        return clips
    _, test = hold_out([clip.name for clip in clips], data.held_out, seed)
    return [clips[index] for index in test]


if __name__ == "__main__":
    run_command(main, AblationOptions, DetectorOptions)
