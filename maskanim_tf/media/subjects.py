"""Who is meant in an uncropped picture or film.

Subjects are faces where MediaPipe is installed and finds any, otherwise regions that move or stand
out.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Union

import numpy as np

from maskanim_tf.media.clips import read_frames
from maskanim_tf.media.cropping import object_boxes
from maskanim_tf.media.errors import ClipError
from maskanim_tf.media.faces import face_boxes, finds_faces
from maskanim_tf.media.fitting import Box
from maskanim_tf.media.footage import Footage

AUTO = "auto"
# A number counted from 1, left to right, a box, or the largest subject.
Wish = Union[int, Box, str]

# Frames of a film that are searched for subjects.
LOOKED_AT = 12


@dataclasses.dataclass(frozen=True)
class Subject:
    """One of the subjects of a picture or film.

    Attributes:
      box: around it.
      is_face: it is a face, and its square is larger.
    """

    box: Box
    is_face: bool = False


def parse_subjects(text: str) -> list[Wish]:
    """The subjects that an option names, such as `auto`, `2`, `100,50,300,300` or `1/3`.

    Raises:
      ValueError: something else.
    """
    return [_parsed(part.strip()) for part in text.split("/")] if text else []


def choose_subject(footage: Footage, wish: Wish) -> Subject:
    """The subject that is meant.

    Raises:
      ClipError: there is none, not so many, or a box lies outside.
    """
    clip = footage.clip
    if isinstance(wish, tuple):
        if wish[2] > clip.width or wish[3] > clip.height:
            raise ClipError(
                f"{clip.path}: the box {_as_text(wish)} reaches over its edge; it has "
                f"{clip.width}x{clip.height} pixels"
            )
        return Subject(wish)
    subjects = find_subjects(footage)
    if not subjects:
        raise ClipError(
            f"{clip.path}: no subject was found; say where it is with x,y,width,height in pixels"
        )
    if wish == AUTO:
        return max(subjects, key=lambda s: (s.box[2] - s.box[0]) * (s.box[3] - s.box[1]))
    number = int(wish)
    if number > len(subjects):
        listed = "; ".join(f"{n} at {_as_text(s.box)}" for n, s in enumerate(subjects, 1))
        raise ClipError(f"{clip.path}: there is no subject {number}; it has {listed}")
    return subjects[number - 1]


def find_subjects(footage: Footage) -> list[Subject]:
    """All subjects from left to right: those of the frame that shows the most faces, or regions."""
    if finds_faces():
        frames = read_frames(footage.clip, spread(footage.clip.frames))
        most = max((face_boxes(frame) for frame in frames), key=len)
        if most:
            return [Subject(box, is_face=True) for box in most]
    return [Subject(box) for box in object_boxes(footage.frames())]


def _parsed(text: str) -> Wish:
    if text == AUTO:
        return AUTO
    numbers = [int(n) for n in text.split(",")] if re.fullmatch(r"\d+(,\d+)*", text) else []
    if len(numbers) == 1 and numbers[0] > 0:
        return numbers[0]
    if len(numbers) == 4 and numbers[2] > 0 and numbers[3] > 0:
        left, top, width, height = numbers
        return left, top, left + width, top + height
    raise ValueError(
        f"a subject is {text!r}, but must be auto, a number from 1 on, counted from the left, or "
        "x,y,width,height in pixels; several are separated by /"
    )


def _as_text(box: Box) -> str:
    left, top, right, bottom = box
    return f"{left},{top},{right - left},{bottom - top}"


def spread(count: int) -> list[int]:
    """Numbers of some frames, from the first to the last."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, LOOKED_AT))})
