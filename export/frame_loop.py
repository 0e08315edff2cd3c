"""Animating a picture by a video with an exported model, whatever runs it.

Nothing here knows the networks: pictures come in, a `Runtime` is called, a video goes out.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.stages import ANIMATE, SOURCE_MASK, Runtime
from maskanim_tf import names
from maskanim_tf.config import Section, option
from maskanim_tf.data.clips import iterate_frames, probe_clip
from maskanim_tf.data.fitting import FITS, fit_square
from maskanim_tf.data.movies import write_movie
from maskanim_tf.data.picture_clip import read_picture
from maskanim_tf.ops.pixels import as_bytes, as_floats


@dataclasses.dataclass(frozen=True)
class RunOptions(Section):
    """Options of every command that animates with an export."""

    model: str = option("", "folder that the exporter wrote")
    source: str = option("", "picture to animate")
    driving: str = option("", "video, or folder of frames, to animate it by")
    output: str = option("out/animation.mp4", "video to write, ends in .mp4")
    threads: int = option(0, "to compute with; 0 for one per core", minimum=0)
    fit: str = option("crop", "how other shapes become squares", choices=FITS)


def animate_video(open_runtime: Callable[[Path, int], Runtime], options: RunOptions) -> None:
    """Writes the video that the options ask for.

    Args:
      open_runtime: makes the exported model from its folder and a number of threads.
      options: of the command.

    Raises:
      ValueError: an option is missing; model, source or driver cannot be read.
      OSError: the video cannot be written.
    """
    for name in ("model", "source", "driving"):
        if not getattr(options, name):
            raise ValueError(f"{name} is empty; give it with --{name}=PATH")
    if not options.output.endswith(".mp4"):
        raise ValueError(f"output is {options.output!r}, but must end in .mp4")
    runtime = open_runtime(Path(options.model), options.threads)
    size = runtime.image_size
    source = as_floats(fit_square(read_picture(options.source), size, options.fit)[np.newaxis])
    clip = probe_clip(options.driving)
    mask = runtime.run(SOURCE_MASK, source=source)[names.SOURCE_MASK]

    def frames() -> Iterator[np.ndarray]:
        for frame in tqdm(iterate_frames(clip), "animating", clip.frames, unit="frame"):
            driving = as_floats(fit_square(frame, size, options.fit)[np.newaxis])
            result = runtime.run(ANIMATE, source=source, source_mask=mask, driving=driving)
            yield as_bytes(result[names.FRAME][0])

    count = write_movie(options.output, frames(), clip.fps)
    print(
        f"{count} frames of {size}x{size} with {runtime.threads} threads: "
        f"{Path(os.path.abspath(options.output))}"
    )
