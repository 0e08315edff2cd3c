"""Keeps a driver as the masks of its frames: small, without its face, safe to share.

`python -m maskanim_tf.template --driving=dance.mp4 --output=dance.npz`. Commands that animate with
the same mask generator take the file as --driving, and make what they make of the video.
"""

from __future__ import annotations

import dataclasses
import os

from tqdm import tqdm

from maskanim_tf.commands import assume_frozen_weights, run_command, say  # Before TensorFlow.

# isort: split
from maskanim_tf.animation.options import AUDIO, FROM_DRIVING, SILENT, AnimationOptions
from maskanim_tf.animation.steering import open_driver
from maskanim_tf.animation.templates import SUFFIX, is_template, write_template
from maskanim_tf.config import Section, option
from maskanim_tf.inference import PRECISIONS
from maskanim_tf.interrupts import interruptible
from maskanim_tf.media.fitting import FITS
from maskanim_tf.predictor import load_animator
from maskanim_tf.storage.files import check_writable


@dataclasses.dataclass(frozen=True)
class TemplateOptions(Section):
    """Options of the command."""

    driving: str = option("", "video, or any other clip, to keep the masks of")
    output: str = option("", "file to write, ending in .npz")
    checkpoint: str = option("", "weight file of a run; the embedded one without")
    precision: str = option(
        "auto", "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )
    fit: str = option(
        "crop", "how frames become square: cut at the sides, or filled up with black", choices=FITS
    )
    auto_crop: bool = option(False, "first crop the driver around what moves")
    driver_subject: str = option(
        "",
        "crop the driver around one of its subjects: auto for the largest, a number counted from "
        "the left, or x,y,width,height",
    )
    follow: bool = option(False, "the square of --driver_subject follows it")
    audio: str = option(
        SILENT, "sound that is kept beside the masks: a voice tells whose it is", choices=AUDIO
    )
    batch_size: int = option(4, "frames that are looked at at once", minimum=1)


def main(options: TemplateOptions) -> None:
    """Writes the template."""
    if not options.driving or not options.output:
        raise ValueError("needs --driving=VIDEO and --output=FILE.npz")
    if not options.output.endswith(SUFFIX):
        raise ValueError(f"output is {options.output!r}, but must end in {SUFFIX}")
    if is_template(options.driving):
        raise ValueError(f"{options.driving} is a template already; give the video")
    check_writable(options.output)
    how = AnimationOptions(
        fit=options.fit,
        auto_crop=options.auto_crop,
        driver_subject=options.driver_subject,
        follow=options.follow,
    )
    generator = load_animator(options.checkpoint, options.precision, report=say).generator
    driver = open_driver(options.driving, generator, how)
    with tqdm(interruptible(driver.frames()), total=driver.count, unit="frame") as frames:
        template = write_template(
            options.output,
            generator,
            driver,
            options.batch_size,
            options.audio == FROM_DRIVING,
            frames,
        )
    size = os.path.getsize(options.output)
    print(
        f"{options.output}: {template.count} frames at {template.fps:g} per second, masks of "
        f"{generator.mask_size}x{generator.mask_size}, {size / 1000:,.0f} KB"
    )


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, TemplateOptions)
