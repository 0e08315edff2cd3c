"""Animating a picture by a video with an exported model, whatever runs it.

Sources, drivers and outputs are those of `maskanim_tf.animate`: any picture or clip; a movie or a
folder of PNGs, with the driver's times and sound.

Nothing here knows the networks: pictures come in, a `Runtime` is called, a video goes out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.stages import ANIMATE, SOURCE_MASK, Runtime
from maskanim_tf import keys
from maskanim_tf.config import Section, option
from maskanim_tf.media.clips import clip_timing
from maskanim_tf.media.fitting import FITS, cut_square
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.outputs import check_output, write_output
from maskanim_tf.media.sound import open_sound
from maskanim_tf.ops.pixels import as_bytes, as_floats

AUDIO = (FROM_DRIVING, SILENT) = ("driving", "none")


@dataclasses.dataclass(frozen=True)
class RunOptions(Section):
    """Options of every command that animates with an export."""

    model: str = option("", "folder that the exporter wrote")
    source: str = option("", "picture, or video whose first frame is taken, to animate")
    driving: str = option("", "video, or folder of frames, to animate it by")
    output: str = option(
        "out/animation.mp4", "file ending in .mp4, .gif or .webp, or a folder for PNGs"
    )
    threads: int = option(0, "to compute with; 0 for one per core", minimum=0)
    fit: str = option("crop", "how other shapes become squares", choices=FITS)
    auto_crop: bool = option(False, "first crop source and driver around what moves or stands out")
    output_size: int = option(
        0, "side of a picture in the output in pixels, 0 for the model's; even", minimum=0
    )
    audio: str = option(
        FROM_DRIVING, "sound of an .mp4: that of the driver, or none", choices=AUDIO
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_size % 2:
            raise ValueError(f"output_size is {self.output_size}, but must be even")


def animate_video(open_runtime: Callable[[Path, int], Runtime], options: RunOptions) -> None:
    """Writes the video that the options ask for.

    Args:
      open_runtime: makes the exported model from its folder and a number of threads.
      options: of the command.

    Raises:
      ValueError: an option is missing; model, source or driver cannot be read.
      OSError: the video cannot be written.
    """
    for name in ("model", "source", "driving", "output"):
        if not getattr(options, name):
            raise ValueError(f"{name} is empty; give it with --{name}=PATH")
    check_output(options.output, (options.source, options.driving))
    runtime = open_runtime(Path(options.model), options.threads)
    size, shown = runtime.image_size, options.output_size or runtime.image_size
    pictures, drivers = (
        open_footage(path).squares(size, options.fit, options.auto_crop)
        for path in (options.source, options.driving)
    )
    source = as_floats(pictures.frame(0)[np.newaxis])
    clip = drivers.clip
    mask = runtime.run(SOURCE_MASK, source=source)[keys.SOURCE_MASK]

    def frames() -> Iterator[np.ndarray]:
        for frame in tqdm(drivers.frames(), "animating", clip.frames, unit="frame"):
            driving = as_floats(frame[np.newaxis])
            result = runtime.run(ANIMATE, source=source, source_mask=mask, driving=driving)
            yield cut_square(as_bytes(result[keys.FRAME][0]), 0, 0, size, shown)

    with open_sound(clip, options.audio == FROM_DRIVING) as sound:
        count = write_output(options.output, frames(), clip_timing(clip), sound)
    print(
        f"{count} frames of {shown}x{shown} with {runtime.threads} threads: "
        f"{Path(options.output).absolute()}"
    )
