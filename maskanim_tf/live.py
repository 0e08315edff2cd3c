"""A picture moves like you, now: `python -m maskanim_tf.live --source=me.png --camera=0`.

A window shows source, camera and result. Keys: c takes the pose that you hold for the picture's
own, s goes on to the next source, the space bar freezes, r begins and ends a film, q quits. Without
a display it records, or shows itself as a camera to other programs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path

import numpy as np

from maskanim_tf.commands import assume_frozen_weights, run_command, say  # Before TensorFlow.

# isort: split
from maskanim_tf.animation.live import (
    LiveSession,
    VirtualCamera,
    Window,
    has_display,
    open_camera,
    perform,
)
from maskanim_tf.animation.options import MOTIONS, RELATIVE
from maskanim_tf.config import Section, option
from maskanim_tf.inference import PRECISIONS
from maskanim_tf.media.clip import PICTURE_SUFFIXES, has_suffix, is_finished
from maskanim_tf.media.footage import open_footage
from maskanim_tf.media.movies import MOVIE_FORMATS
from maskanim_tf.predictor import load_animator
from maskanim_tf.storage.files import check_writable, split_paths

AUTO, YES, NO = "auto", "yes", "no"


@dataclasses.dataclass(frozen=True)
class LiveOptions(Section):
    """Options of the command."""

    source: str = option(
        "", "picture to animate; several, separated by commas, or a folder, to switch between"
    )
    camera: str = option("0", "number or device of a camera, or a film that is played in its time")
    checkpoint: str = option("", "weight file of a run; the embedded one without")
    precision: str = option(
        "auto", "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )
    motion: str = option(
        RELATIVE,
        "your change of pose since the key c, or the pose itself, for whom is framed like the "
        "source",
        choices=MOTIONS,
    )
    smooth_masks: float = option(
        0.0, "share of the past in a mask, against jitter; 0 for none", minimum=0, maximum=1
    )
    mirror: bool = option(False, "exchange left and right of the camera")
    mark: bool = option(False, "write SYNTHETIC, small, into a corner of each result")
    window: str = option(
        AUTO, "show a window; auto: where there is a display", choices=(AUTO, YES, NO)
    )
    output: str = option(
        "", "film to record, ending in " + ", ".join(MOVIE_FORMATS) + "; at once without a window"
    )
    virtual_camera: str = option(
        "", "show the result as a camera to other programs: auto, or a device such as /dev/video10"
    )
    seconds: float = option(0.0, "end after this time; 0 for never", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output and not has_suffix(self.output, tuple(MOVIE_FORMATS)):
            raise ValueError(
                f"output is {self.output!r}, but must end in {', '.join(MOVIE_FORMATS)}"
            )


def main(options: LiveOptions) -> None:
    """Runs until it is ended, and says how it went."""
    if not options.source:
        raise ValueError("give the picture to animate with --source=PICTURE")
    shown = has_display() if options.window == AUTO else options.window == YES
    if not (shown or options.output or options.virtual_camera):
        raise ValueError(
            "there is no display; record with --output=FILM.mp4, or use --virtual_camera=auto"
        )
    if options.output:
        check_writable(options.output)
    with contextlib.ExitStack() as stack:
        camera = open_camera(options.camera)
        stack.callback(camera.close)
        generator = load_animator(options.checkpoint, options.precision, report=say).generator
        sources = read_sources(options.source, generator.image_size)
        virtual_camera = None
        if options.virtual_camera:
            virtual_camera = VirtualCamera(options.virtual_camera, generator.image_size)
            stack.callback(virtual_camera.close)
            say(f"other programs see the result as {virtual_camera.device}")
        session = LiveSession(
            generator,
            camera,
            sources,
            options.motion == RELATIVE,
            options.smooth_masks,
            options.mirror,
            options.mark,
        )
        stack.enter_context(session)
        window = None
        if shown:
            window = Window()
            stack.callback(window.close)
        report = perform(
            session,
            window,
            virtual_camera,
            options.output,
            recording=bool(options.output) and not shown,
            seconds=options.seconds,
            say=say,
        )
    print(report)


def read_sources(text: str, size: int) -> list[np.ndarray]:
    """The pictures that an option names, uint8 `[size, size, 3]` each; of films the first frame.

    Raises:
      ValueError: one cannot be read, or a folder holds none.
    """
    paths = split_paths(text)
    if os.path.isdir(text):
        names = sorted(n for n in os.listdir(text) if is_finished(n))
        paths = [str(Path(text, n)) for n in names if has_suffix(n, PICTURE_SUFFIXES)]
        if not paths:
            raise ValueError(f"{text} holds no pictures ({' '.join(PICTURE_SUFFIXES)})")
    return [open_footage(path).squares(size, "crop", False).frame(0) for path in paths]


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, LiveOptions)
