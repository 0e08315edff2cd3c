"""The last step of every animation: pictures become a file, with times and sound of the driver."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from maskanim_tf import __version__
from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.options import FROM_DRIVING, AnimationOptions
from maskanim_tf.media.marking import marked
from maskanim_tf.media.outputs import write_output
from maskanim_tf.media.provenance import Provenance


@dataclasses.dataclass(frozen=True)
class AnimatedVideo:
    """What was written.

    Attributes:
      path: the file, or the folder of PNGs.
      frames: how many.
      fps: frames per second, those of the driver; their mean where they vary, as its times do.
      source_frame: which frame of the source was animated, from 0.
      first_frame: which frame of the driver comes first, from 0.
    """

    path: str
    frames: int
    fps: float
    source_frame: int
    first_frame: int


def note_on(generator: FrameGenerator, composed: bool = False) -> Provenance:
    """What a film of a generator says about itself; see `Provenance`."""
    return Provenance(f"maskanim {__version__}", generator.model, composed)


def write_film(
    output: str | os.PathLike[str],
    pictures: Iterator[np.ndarray],
    driving: Driver,
    first_frame: int,
    options: AnimationOptions,
    progress: bool,
    note: Provenance,
) -> int:
    """Writes pictures with times and sound of a driver, marked if asked for; returns their number.

    See `media.outputs.write_output`.
    """
    bar = tqdm(
        map(marked, pictures) if options.mark else pictures,
        Path(output).name,
        driving.count - first_frame,
        disable=not progress,
        unit="frame",
        dynamic_ncols=True,
    )
    with driving.sound(options.audio == FROM_DRIVING, first_frame) as sound, bar:
        return write_output(output, bar, driving.timing(first_frame), sound, note)
