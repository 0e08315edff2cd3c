"""The paper's reconstruction of test clips (section 4), resumable clip by clip.

The first frame of every clip is the source, all others are drivers and, at the same time, what the
result is compared with. Or, across identities, another clip drives that shows the same motion on
someone else; the result is compared with the same frames. Scores are of the generated frames
rounded to 8 bits, before any video compression.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice, tee
from pathlib import Path

import numpy as np
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.animation import FrameGenerator, generate_frames
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.evaluation.detectors import Detectors
from maskanim_tf.evaluation.result_files import read_json, write_json
from maskanim_tf.evaluation.scoring import Results, Score, compare_reconstruction, observe, pool
from maskanim_tf.evaluation.truth_judge import TruthJudge
from maskanim_tf.media.clips import batched
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.panels import draw_panel, write_picture
from maskanim_tf.media.timing import DEFAULT_FPS
from maskanim_tf.ops.pixels import as_bytes, as_floats
from maskanim_tf.storage.files import atomic_path

MODEL, COPY = "this model", "copy of the source"
# What the segmenter makes of the true frames: no mask of a generated frame can be expected to fit
# better.
TRUE_FRAMES = "true frames"
FORMATS = ("mp4", "png")
# Of the sheet that shows what came out across identities: moments spread evenly over a clip.
SHEET_ROWS = 6
SHEET_COLUMNS = ("source", "driver", MODEL, "true frame")


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """Rebuilds clips one by one and remembers on disk what is done.

    Attributes:
      generator: the model.
      clips: test clips of the model's size.
      drivers: which clips are rebuilt, and which clip drives each: (clip, driver).
      detectors: what measures.
      output: folder that `videos/`, `records/` and, across identities, `sheets/` are written into.
      video_format: "mp4" for H.264, or "png" for lossless folders of frames.
      batch_size: frames generated at once.
    """

    generator: FrameGenerator
    clips: ClipSource
    drivers: Sequence[tuple[int, int]]
    detectors: Detectors
    output: Path
    video_format: str
    batch_size: int

    def run(self) -> Results:
        """The scores of every clip, for the model and for copying the source, and for yardsticks.

        Raises:
          ValueError: a clip or the record of an earlier run is damaged.
          OSError: the output cannot be written.
        """
        results: Results = {MODEL: {}, COPY: {}}
        counts = self.clips.frame_counts
        frames = [int(min(counts[clip], counts[driver])) - 1 for clip, driver in self.drivers]
        with tqdm(desc="reconstruct", total=sum(frames), unit="frame") as bar:
            for (clip, driver), count in zip(self.drivers, frames):
                name = self.clips.names[clip]
                record = self.output / "records" / f"{name}.json"
                if record.exists():
                    # Neither rate nor remaining time may count what was not done now.
                    bar.initial += count
                    bar.update(count)
                else:
                    write_json(record, self._rebuild(clip, driver, bar))
                for method, scores in read_json(record).items():
                    decoded = {metric: Score(**values) for metric, values in scores.items()}
                    results.setdefault(method, {})[name] = decoded
        return results

    def _rebuild(self, clip: int, driver: int, bar: tqdm) -> dict[str, dict[str, Score]]:
        parts: dict[str, list[dict[str, Score]]] = {MODEL: [], COPY: []}
        path = self.output / "videos" / self.clips.names[clip]
        generated = self._generate(clip, driver, parts, bar)
        if self.video_format == "mp4":
            write_movie(f"{path}.mp4", generated, DEFAULT_FPS)
        else:
            with atomic_path(path) as partial:
                for number, frame in enumerate(generated, 1):
                    write_picture(partial / f"{number:05d}.png", frame)
        return {method: pool(scores) for method, scores in parts.items()}

    def _generate(
        self,
        clip: int,
        driver: int,
        parts: dict[str, list[dict[str, Score]]],
        bar: tqdm,
    ) -> Iterator[np.ndarray]:
        """The generated frames, scored on their way."""
        frames = self.clips.iterate_frames(clip)
        first = next(frames)
        if driver == clip:
            frames, driving = tee(frames)
        else:
            driving = islice(self.clips.iterate_frames(driver), 1, None)
        both = keys.DRIVING, keys.FRAME
        stream = generate_frames(self.generator, first, driving, self.batch_size, keys=both)
        steps = (
            np.stack([real, *(as_bytes(result[key]) for key in both)])
            for real, result in zip(frames, stream)
        )
        source = observe(self.detectors, first[np.newaxis])
        segmenter = self.detectors.segmenter
        judge = TruthJudge(self.clips, clip, segmenter) if driver != clip else None
        count = int(min(self.clips.frame_counts[[clip, driver]]))
        moments = np.linspace(1, count - 1, min(count - 1, SHEET_ROWS)).round()
        rows = []
        done = 1
        for batch in batched(steps, self.batch_size):
            real, shown_driver, made = batch.swapaxes(0, 1)
            wanted = observe(self.detectors, real)
            seen = observe(self.detectors, made)
            parts[MODEL].append(compare_reconstruction(wanted, seen))
            parts[COPY].append(compare_reconstruction(wanted, source))
            if judge:
                shown = {MODEL: made, COPY: first[np.newaxis], TRUE_FRAMES: real}
                numbers = np.arange(done, done + len(real))
                for method, scores in judge.scores(numbers, shown).items():
                    parts.setdefault(method, []).append(scores)
                for i in np.flatnonzero(np.isin(numbers, moments)):
                    rows.append((first, shown_driver[i], made[i], real[i]))
            done += len(real)
            bar.update(len(real))
            yield from made
        if judge:
            columns = (as_floats(np.stack(column)) for column in zip(*rows))
            sheet = draw_panel(dict(zip(SHEET_COLUMNS, columns)), SHEET_COLUMNS)
            write_picture(self.output / "sheets" / f"{self.clips.names[clip]}.png", sheet)
