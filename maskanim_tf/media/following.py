"""The square around a subject: steady, or following it through a film.

A face's square leaves room for hair and shoulders, as portraits are framed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from maskanim_tf.media.clips import read_frames
from maskanim_tf.media.faces import face_boxes
from maskanim_tf.media.fitting import Box, Square, square_around
from maskanim_tf.media.footage import Footage, SquareFootage
from maskanim_tf.media.subjects import Subject, Wish, choose_subject, spread

# Sides of a square in sides of the face in it, and where the face's centre is in the square.
FACE_ROOM = 2.8
FACE_PLACE = (0.5, 0.57)
# Where a moving subject is searched: boxes of this many sides around its last place.
SEARCH = 2.5
# Longer side in pixels of the frames in which regions are followed.
FOLLOWED_SIDE = 240
# Seconds over which the path of a following square is smoothed, as a standard deviation.
CALM = 0.4


def subject_squares(
    footage: Footage, wish: Wish, size: int, fit: str, follow: bool = False
) -> SquareFootage:
    """A subject's square from every frame.

    Args:
      footage: pictures and films of any size.
      wish: which subject.
      size: side of the squares when they have been resized.
      fit: one of `fitting.FITS`, for squares that reach over the edge.
      follow: the square follows the subject; otherwise it stands still, large enough for all places
        that the subject was seen at.

    Raises:
      ClipError: there is no such subject.
    """
    subject = choose_subject(footage, wish)
    clip = footage.clip
    if follow and clip.frames > 1:
        boxes = np.array(list(_followed(footage, subject)), np.float64)
        places = _smoothed(np.array([_room(b, subject.is_face) for b in boxes]), CALM * clip.fps)
        squares = tuple(_fitted(place, clip.height, clip.width, fit) for place in places)
        return SquareFootage(footage, squares[0], size, squares)
    box: Sequence[float] = subject.box
    if subject.is_face and clip.frames > 1:
        box = _steady(list(_sampled_faces(footage, subject)))
    place = _room(box, subject.is_face)
    return SquareFootage(footage, _fitted(place, clip.height, clip.width, fit), size)


def _room(box: Sequence[float], is_face: bool) -> tuple[float, float, float]:
    """Centre, x and y, and side of the square around a box."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    x, y = (left + right) / 2, (top + bottom) / 2
    if not is_face:
        return x, y, side
    side *= FACE_ROOM
    return x + (0.5 - FACE_PLACE[0]) * side, y + (0.5 - FACE_PLACE[1]) * side, side


def _fitted(place: Sequence[float], height: int, width: int, fit: str) -> Square:
    x, y, side = place
    whole = max(2, round(side))
    left, top = round(x - whole / 2), round(y - whole / 2)
    return square_around((left, top, left + whole, top + whole), height, width, fit)


def _steady(boxes: Sequence[Box]) -> tuple[float, float, float, float]:
    """A box in the middle of all places, of the usual size, or larger where they are far apart."""
    places = np.array(boxes, np.float64)
    side = float(np.median(np.maximum(places[:, 2] - places[:, 0], places[:, 3] - places[:, 1])))
    low, high = places[:, :2].min(0), places[:, 2:].max(0)
    x, y = ((low + high) / 2).tolist()
    # A face that moves by its own size is still well inside of a square with this much room.
    half = max(side, float((high - low).max()) / 2) / 2
    return x - half, y - half, x + half, y + half


def _sampled_faces(footage: Footage, subject: Subject) -> Iterator[Box]:
    """Where a face is in some frames of a film, as far as it is found."""
    last = subject.box
    for frame in read_frames(footage.clip, spread(footage.clip.frames)):
        last = _nearest(face_boxes(frame), last) or last
        yield last


def _followed(footage: Footage, subject: Subject) -> Iterator[Sequence[int]]:
    """Where a subject is in every frame; where it is not found, it stays."""
    if subject.is_face:
        last: Box | None = None
        for frame in footage.frames():
            if last is None:
                # It may have been found anywhere in the film.
                last = _nearest(face_boxes(frame), subject.box) or subject.box
            last = _nearby_face(frame, last) or last
            yield last
        return
    patch: np.ndarray | None = None
    scale = min(1.0, FOLLOWED_SIDE / max(footage.clip.height, footage.clip.width))
    left, top, right, bottom = (round(scale * edge) for edge in subject.box)
    for frame in footage.frames():
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small = small.astype(np.float32)
        bottom, right = min(bottom, small.shape[0]), min(right, small.shape[1])
        if patch is None:
            patch = small[top:bottom, left:right]
        height, width = patch.shape[:2]
        low_x, low_y = max(0, left - width // 2), max(0, top - height // 2)
        around = small[low_y : top + height + height // 2, low_x : left + width + width // 2]
        match = cv2.matchTemplate(around, patch, cv2.TM_SQDIFF)
        _, _, (x, y), _ = cv2.minMaxLoc(match)
        left, top = low_x + x, low_y + y
        # The subject turns and changes; what it looked like fades slowly.
        patch = 0.95 * patch + 0.05 * small[top : top + height, left : left + width]
        edges = (left, top, left + width, top + height)
        yield tuple(round(edge / scale) for edge in edges)


def _nearby_face(frame: np.ndarray, last: Box) -> Box | None:
    """The face nearest to where one was, if there is any around there."""
    left, top, right, bottom = last
    reach = round(SEARCH * max(right - left, bottom - top) / 2)
    x, y = (left + right) // 2, (top + bottom) // 2
    low_x, low_y = max(0, x - reach), max(0, y - reach)
    around = frame[low_y : y + reach, low_x : x + reach]
    if not around.size:
        return None
    return _nearest(
        [
            (box[0] + low_x, box[1] + low_y, box[2] + low_x, box[3] + low_y)
            for box in face_boxes(around)
        ],
        last,
    )


def _nearest(boxes: Sequence[Box], last: Box) -> Box | None:
    """The box whose centre is nearest to that of the last one."""
    x, y = last[0] + last[2], last[1] + last[3]
    return min(boxes, key=lambda b: abs(b[0] + b[2] - x) + abs(b[1] + b[3] - y), default=None)


def _smoothed(path: np.ndarray, sigma: float) -> np.ndarray:
    """A path `[frames, 3]` smoothed in time by a Gaussian; its ends stay where they are."""
    reach = min(max(1, round(3 * sigma)), len(path) - 1)
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / max(sigma, 1e-6)) ** 2)
    # Mirrored at its ends, through the end itself, a steady motion goes on.
    padded = np.pad(path, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    columns = [np.convolve(column, weights / weights.sum(), "valid") for column in padded.T]
    return np.stack(columns, -1)
