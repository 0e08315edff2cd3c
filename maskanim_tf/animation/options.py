"""What is animated, and how: the flags that all commands which animate share."""

from __future__ import annotations

import dataclasses

from maskanim_tf.config import Section, option
from maskanim_tf.media.fitting import FITS
from maskanim_tf.media.subjects import parse_subjects

VIEWS = (RESULT, SIDE_BY_SIDE, ALL) = ("result", "side_by_side", "all")
MOTIONS = (ABSOLUTE, RELATIVE) = ("absolute", "relative")
AUDIO = (FROM_DRIVING, SILENT) = ("driving", "none")


@dataclasses.dataclass(frozen=True)
class FootageOptions(Section):
    """What is animated; the base of the options of each command."""

    source: str = option("", "picture, or video, to animate; a folder: each one in it")
    driving: str = option(
        "",
        "video that it shall move like, or a template of one; a folder of videos: each one in it; "
        "for several subjects as many, separated by commas",
    )
    pairs: str = option("", "CSV with the columns source,driving[,output] instead of both")
    output: str = option(
        "",
        "file ending in .mp4, .webm, .gif or .webp, or a folder for PNGs; of many pairs: their "
        "folder",
    )


@dataclasses.dataclass(frozen=True)
class AnimationOptions(Section):
    """From a source and a driver to the frames of a file."""

    fit: str = option(
        "crop", "how frames become square: cut at the sides, or filled up with black", choices=FITS
    )
    auto_crop: bool = option(
        False, "first crop source and driver around what moves or, in a picture, stands out"
    )
    subject: str = option(
        "",
        "animate one subject of an uncropped source, inside of the whole picture or film: auto for "
        "the largest, a number counted from the left, or x,y,width,height; several: 1/3",
    )
    driver_subject: str = option(
        "", "crop the driver around one of its subjects, which is named likewise"
    )
    follow: bool = option(False, "squares of --subject and --driver_subject follow it in a film")
    find_best_frame: bool = option(
        False,
        "begin with the driving frame whose mask is nearest to the source's; of a source video "
        "take the frame whose mask is nearest to the first driving frame's",
    )
    motion: str = option(
        ABSOLUTE,
        "the driver's pose as it is, or its change since one of its frames, in which it is taken "
        "to stand as the source does",
        choices=MOTIONS,
    )
    reference_frame: int = option(
        0,
        "that frame of --motion=relative, counted from 0; --find_best_frame finds it by itself",
        minimum=0,
    )
    view: str = option(
        RESULT, "the result, source | driver | result, or all intermediates", choices=VIEWS
    )
    alpha: bool = option(
        False, "a transparent background, from the mask, in .webm, .webp and folders of PNGs"
    )
    smooth_masks: float = option(
        0.0,
        "share of the past in a driver's mask, against jitter; 0 for none",
        minimum=0,
        maximum=1,
    )
    mark: bool = option(False, "write SYNTHETIC, small, into a corner of each picture")
    batch_size: int = option(
        4, "driving frames that are animated at once, where the model leaves it open", minimum=1
    )
    output_size: int = option(
        0, "side of a picture in the output in pixels, 0 for the model's; even", minimum=0
    )
    audio: str = option(
        FROM_DRIVING, "sound of an .mp4 or .webm: that of the driver, or none", choices=AUDIO
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_size % 2:
            raise ValueError(
                f"AnimationOptions.output_size is {self.output_size}, but must be even: H.264 "
                "stores colours for two by two pixels"
            )
        for option_name in ("subject", "driver_subject"):
            try:
                wishes = parse_subjects(getattr(self, option_name))
            except ValueError as error:
                raise ValueError(f"--{option_name}: {error}") from error
            if wishes and self.auto_crop:
                raise ValueError(f"--{option_name} says what to crop; leave out --auto_crop")
        for wish, given in {
            f"--view={self.view}": self.view != RESULT,
            "--output_size": self.output_size > 0,
            "--find_best_frame": self.find_best_frame,
            "--alpha": self.alpha,
        }.items():
            if given and self.subject:
                raise ValueError(
                    f"{wish} does not go with --subject, which shows the whole picture in its own "
                    "size; leave one of them out"
                )
        if self.alpha and self.view != RESULT:
            raise ValueError(f"--alpha is for the result alone; leave out --view={self.view}")
        if self.follow and not self.subject and not self.driver_subject:
            raise ValueError("--follow needs --subject or --driver_subject, to know whom")
