"""The paper's reconstruction of test clips (section 4), resumable clip by clip.

The first frame of every clip is the source, all others are drivers and, at the same time, what the
result is compared with. Scores are of the generated frames rounded to 8 bits, before any video
compression.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from maskanim_tf import names
from maskanim_tf.data.clip import DEFAULT_FPS
from maskanim_tf.data.clips import batched
from maskanim_tf.data.movies import write_movie
from maskanim_tf.data.panels import write_picture
from maskanim_tf.data.sources import ClipSource
from maskanim_tf.evaluation.instruments import Instruments
from maskanim_tf.evaluation.results import decode_scores, encode_scores, read_json, write_json
from maskanim_tf.evaluation.scoring import Results, Score, compare_reconstruction, observe, pool
from maskanim_tf.files import atomic_path
from maskanim_tf.inference import AnyAnimator, BatchAnimator
from maskanim_tf.ops.pixels import as_bytes

MODEL, COPY = "this model", "copy of the source"
FORMATS = ("mp4", "png")


class Reconstruction:
    """Rebuilds clips one by one and remembers on disk what is done.

    Args:
      animator: the model.
      clips: test clips of the model's size.
      instruments: what measures.
      output: folder that `videos/` and `records/` are written into.
      video_format: "mp4" for H.264, or "png" for lossless folders of frames.
      batch_size: frames generated at once.
    """

    def __init__(
        self,
        animator: AnyAnimator,
        clips: ClipSource,
        instruments: Instruments,
        output: str,
        video_format: str = "mp4",
        batch_size: int = 8,
    ):
        self._animator = BatchAnimator(animator, batch_size)
        self._clips = clips
        self._instruments = instruments
        self._output = Path(output)
        self._video_format = video_format

    def run(self, limit: int = 0) -> Results:
        """The scores of every clip, for the model and for copying the source.

        Args:
          limit: at most so many clips; 0: all.

        Raises:
          ValueError: a clip or the record of an earlier run is damaged.
          OSError: the output cannot be written.
        """
        count = len(self._clips.names)
        chosen = range(min(count, limit or count))
        results: Results = {MODEL: {}, COPY: {}}
        frames = [int(self._clips.frame_counts[clip]) - 1 for clip in chosen]
        with tqdm(desc="reconstruct", total=sum(frames), unit="frame") as bar:
            for clip in chosen:
                name = self._clips.names[clip]
                record = self._output / "records" / f"{name}.json"
                if record.exists():
                    # Neither rate nor remaining time may count what was not done now.
                    bar.initial += frames[clip]
                    bar.update(frames[clip])
                else:
                    write_json(record, self._rebuild(clip, bar))
                for method, scores in read_json(record).items():
                    results[method][name] = decode_scores(scores)
        return results

    def _rebuild(self, clip: int, bar: tqdm) -> dict[str, Any]:
        parts: dict[str, list[dict[str, Score]]] = {MODEL: [], COPY: []}
        path = self._output / "videos" / self._clips.names[clip]
        generated = self._generate(clip, parts, bar)
        if self._video_format == "mp4":
            write_movie(f"{path}.mp4", generated, DEFAULT_FPS)
        else:
            with atomic_path(path) as partial:
                for number, frame in enumerate(generated, 1):
                    write_picture(partial / f"{number:05d}.png", frame)
        return {method: encode_scores(pool(scores)) for method, scores in parts.items()}

    def _generate(
        self, clip: int, parts: dict[str, list[dict[str, Score]]], bar: tqdm
    ) -> Iterator[np.ndarray]:
        """The generated frames, scored on their way."""
        frames = self._clips.iterate_frames(clip)
        first = next(frames)
        encoded = self._animator.encode_source(first)
        source = observe(self._instruments, first[np.newaxis])
        for real in batched(frames, self._animator.batch_size):
            result = self._animator.animate(encoded, real, keys=(names.FRAME,))
            made = as_bytes(result[names.FRAME])
            driving = observe(self._instruments, real)
            seen = observe(self._instruments, made)
            parts[MODEL].append(compare_reconstruction(driving, seen))
            parts[COPY].append(compare_reconstruction(driving, source.repeated(len(real))))
            bar.update(len(real))
            yield from made
