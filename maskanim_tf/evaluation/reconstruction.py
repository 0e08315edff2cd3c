"""The paper's reconstruction of test clips (section 4), resumable clip by clip.

The first frame of every clip is the source, all others are drivers and, at the same time, what the
result is compared with. Or, across identities, another clip drives that shows the same motion on
someone else; the result is compared with the same frames. Scores are of the generated frames
rounded to 8 bits, before any video compression.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.evaluation.across_sheet import AcrossSheet
from maskanim_tf.evaluation.detectors import Detectors
from maskanim_tf.evaluation.result_files import decode_scores, encode_scores, read_json, write_json
from maskanim_tf.evaluation.scoring import Results, Score, compare_reconstruction, observe, pool
from maskanim_tf.evaluation.truth_judge import TruthJudge
from maskanim_tf.inference import AnyAnimator
from maskanim_tf.media.clips import batched, filled
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import write_picture
from maskanim_tf.media.timing import DEFAULT_FPS
from maskanim_tf.ops.pixels import as_bytes
from maskanim_tf.storage.files import atomic_path

MODEL, COPY = "this model", "copy of the source"
# What the segmenter makes of the true frames: no mask of a generated frame can be expected to fit
# better.
TRUE_FRAMES = "true frames"
FORMATS = ("mp4", "png")


class Reconstruction:
    """Rebuilds clips one by one and remembers on disk what is done.

    Args:
      animator: the model.
      clips: test clips of the model's size.
      drivers: which clips are rebuilt, and which clip drives each: (clip, driver).
      detectors: what measures.
      output: folder that `videos/`, `records/` and, across identities, `sheets/` are written into.
      video_format: "mp4" for H.264, or "png" for lossless folders of frames.
      batch_size: frames generated at once.
    """

    def __init__(
        self,
        animator: AnyAnimator,
        clips: ClipSource,
        drivers: Sequence[tuple[int, int]],
        detectors: Detectors,
        output: str,
        video_format: str = "mp4",
        batch_size: int = 8,
    ):
        self._generator = AnimatorGenerator(animator)
        self._batch_size = batch_size
        self._clips = clips
        self._drivers = list(drivers)
        self._detectors = detectors
        self._output = Path(output)
        self._video_format = video_format

    def run(self, limit: int = 0) -> Results:
        """The scores of every clip, for the model and for copying the source, and for yardsticks.

        Args:
          limit: at most so many clips; 0: all.

        Raises:
          ValueError: a clip or the record of an earlier run is damaged.
          OSError: the output cannot be written.
        """
        chosen = self._drivers[: limit or None]
        results: Results = {MODEL: {}, COPY: {}}
        counts = self._clips.frame_counts
        frames = [int(min(counts[clip], counts[driver])) - 1 for clip, driver in chosen]
        with tqdm(desc="reconstruct", total=sum(frames), unit="frame") as bar:
            for (clip, driver), count in zip(chosen, frames):
                name = self._clips.names[clip]
                record = self._output / "records" / f"{name}.json"
                if record.exists():
                    # Neither rate nor remaining time may count what was not done now.
                    bar.initial += count
                    bar.update(count)
                else:
                    write_json(record, self._rebuild(clip, driver, bar))
                for method, scores in read_json(record).items():
                    results.setdefault(method, {})[name] = decode_scores(scores)
        return results

    def _rebuild(self, clip: int, driver: int, bar: tqdm) -> dict[str, Any]:
        parts: dict[str, list[dict[str, Score]]] = {MODEL: [], COPY: []}
        path = self._output / "videos" / self._clips.names[clip]
        generated = self._generate(clip, driver, parts, bar)
        if self._video_format == "mp4":
            write_movie(f"{path}.mp4", generated, DEFAULT_FPS)
        else:
            with atomic_path(path) as partial:
                for number, frame in enumerate(generated, 1):
                    write_picture(partial / f"{number:05d}.png", frame)
        return {method: encode_scores(pool(scores)) for method, scores in parts.items()}

    def _generate(
        self,
        clip: int,
        driver: int,
        parts: dict[str, list[dict[str, Score]]],
        bar: tqdm,
    ) -> Iterator[np.ndarray]:
        """The generated frames, scored on their way."""
        frames = self._clips.iterate_frames(clip)
        first = next(frames)
        self._generator.set_source(first)
        source = observe(self._detectors, first[np.newaxis])
        segmenter = self._detectors.segmenter
        judge = TruthJudge(self._clips, clip, segmenter) if driver != clip else None
        count = int(min(self._clips.frame_counts[[clip, driver]]))
        sheet = AcrossSheet(first, count)
        done = 1
        for real, driving_frames in self._batches(frames, clip, driver):
            result = self._generator.animate(filled(driving_frames, self._batch_size))
            made = as_bytes(result[keys.FRAME][: len(real)])
            wanted = observe(self._detectors, real)
            seen = observe(self._detectors, made)
            parts[MODEL].append(compare_reconstruction(wanted, seen))
            parts[COPY].append(compare_reconstruction(wanted, source.repeated(len(real))))
            if judge:
                shown = {MODEL: made, COPY: first[np.newaxis], TRUE_FRAMES: real}
                numbers = np.arange(done, done + len(real))
                for method, scores in judge.scores(numbers, shown).items():
                    parts.setdefault(method, []).append(scores)
                sheet.add(numbers, driving_frames, made, real)
            done += len(real)
            bar.update(len(real))
            yield from made
        if judge:
            sheet.write(self._output / "sheets" / f"{self._clips.names[clip]}.png")

    def _batches(
        self, frames: Iterator[np.ndarray], clip: int, driver: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Stacks of the frames to be rebuilt, and of those that drive; the first ones are gone."""
        if driver == clip:
            yield from ((real, real) for real in batched(frames, self._batch_size))
            return
        driving = islice(self._clips.iterate_frames(driver), 1, None)
        pairs = (np.stack(pair) for pair in zip(frames, driving))
        yield from ((b[:, 0], b[:, 1]) for b in batched(pairs, self._batch_size))
