"""Faces in pictures of any size, by MediaPipe; its one door, the weights come with the package.

MediaPipe is optional (extra `metrics`) and does not exist for the newest Python.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from maskanim_tf.media.fitting import Box

# Its finders for faces nearby and for those farther away.
MODELS = (0, 1)
CONFIDENCE = 0.6
# Of two boxes that share more than this, one is enough.
SAME = 0.3


def mediapipe_solutions() -> Any:
    """MediaPipe's finders; ImportError, with the remedy, where it is not installed."""
    try:
        from mediapipe import solutions
    except ImportError as error:
        raise ImportError(
            f"{error}; MediaPipe comes with pip install 'maskanim[metrics]' on Python 3.9 to 3.11"
        ) from error
    return solutions


def finds_faces() -> bool:
    """Whether MediaPipe is there."""
    try:
        mediapipe_solutions()
    except ImportError:
        return False
    return True


def face_boxes(frame: np.ndarray) -> list[Box]:
    """Boxes around all faces from brows to chin, from left to right.

    The whole frame is looked at, and for the sake of small faces overlapping squares of its shorter
    side as well.

    Args:
      frame: uint8 `[height, width, 3]`, RGB.

    Returns:
      left, top, right, bottom in pixels, inside the frame.

    Raises:
      ImportError: MediaPipe is not installed.
    """
    found = [
        (score, (left + x, top + y, right + x, bottom + y))
        for x, y, part in _parts(frame)
        for finder in _finders()
        for score, (left, top, right, bottom) in _detected(finder, part)
    ]
    kept: list[Box] = []
    for _, box in sorted(found, reverse=True):
        if all(_shared(box, other) < SAME for other in kept):
            kept.append(box)
    return sorted(kept)


@functools.lru_cache(maxsize=1)
def _finders() -> tuple[Any, ...]:
    detection = mediapipe_solutions().face_detection
    return tuple(
        detection.FaceDetection(model_selection=model, min_detection_confidence=CONFIDENCE)
        for model in MODELS
    )


def _parts(frame: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Left, top and content of each part that is looked at."""
    yield 0, 0, frame
    height, width = frame.shape[:2]
    side = min(height, width)
    for left in _starts(width, side):
        for top in _starts(height, side):
            if height != width:
                yield left, top, frame[top : top + side, left : left + side]


def _starts(length: int, side: int) -> Sequence[int]:
    """Where stretches of `side` begin that cover `length` and overlap by half or more."""
    steps = -(-2 * (length - side) // side)
    return [round(i * (length - side) / steps) for i in range(steps + 1)] if steps else [0]


def _shared(first: Box, second: Box) -> float:
    """How much of the smaller one of two boxes lies in the other, in [0, 1]."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return max(0, width) * max(0, height) / min(areas)


def _detected(finder: Any, part: np.ndarray) -> Iterator[tuple[float, Box]]:
    height, width = part.shape[:2]
    for face in finder.process(np.ascontiguousarray(part)).detections or ():
        box = face.location_data.relative_bounding_box
        left, top = max(0, round(box.xmin * width)), max(0, round(box.ymin * height))
        right = min(width, round((box.xmin + box.width) * width))
        bottom = min(height, round((box.ymin + box.height) * height))
        if right > left and bottom > top:
            yield float(face.score[0]), (left, top, right, bottom)
