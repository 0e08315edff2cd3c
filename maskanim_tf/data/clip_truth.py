"""Ground truth of synthetic clips: what their generators write into an `.npz` beside each clip.

`<name>.npz` beside `<name>.mp4`, or beside the folder `<name>`, holds at least `packed_masks` (the
subject, `np.packbits` along the rows), `points` (x, y in pixels, the centre of the top left pixel
at (0.5, 0.5)) and `visible`; clips of people hold `labels` of their parts, too, and their first 68
points are those of the face. Prepared shards carry no ground truth.
"""

from __future__ import annotations

import dataclasses
import os
import zipfile

import numpy as np

from maskanim_tf.media.clip import Clip, ClipError
from maskanim_tf.media.fitting import fit_square, square_around
from maskanim_tf.people.labels import LABELS

# How bright a sketch of each part of a person is, and of other subjects.
_LEVELS = dict(background=0, skin=230, hair=140, eyes=90, mouth=64, clothes=178, worn=153)
_PART_LEVELS = np.array([_LEVELS[label] for label in LABELS], np.uint8)
_SUBJECT_LEVEL = np.uint8(204)


@dataclasses.dataclass(frozen=True)
class ClipTruth:
    """What is known about the frames of a clip.

    Attributes:
      masks: the subject, bool `[frames, height, width]`.
      points: float32 `[frames, points, 2]`, (x, y) in pixels.
      visible: bool `[frames, points]`.
      parts: how bright the parts of the subject are in a sketch, uint8 `[frames, height, width]`;
        None where parts are not known.
    """

    masks: np.ndarray
    points: np.ndarray
    visible: np.ndarray
    parts: np.ndarray | None = None

    @property
    def has_face(self) -> bool:
        """Whether the first 68 points are those of a face."""
        return self.parts is not None

    @property
    def levels(self) -> np.ndarray:
        """`parts`, or the subject in one tone, uint8 `[frames, height, width]`."""
        return self.masks * _SUBJECT_LEVEL if self.parts is None else self.parts

    def fitted(self, size: int) -> ClipTruth:
        """The same for frames that `fit_square` has brought to a side of `size` pixels."""
        height, width = self.masks.shape[1:]
        left, top, side = square_around(None, height, width, "crop")
        masks = [fit_square(np.uint8(255) * mask, size) >= 128 for mask in self.masks]
        points = (self.points - np.float32([left, top])) * np.float32(size / side)
        parts = self.parts
        if parts is not None:
            parts = np.stack([fit_square(each, size) for each in parts])
        return ClipTruth(np.stack(masks), points, self.visible, parts)


def read_clip_truth(clip: Clip) -> ClipTruth | None:
    """The ground truth beside a clip; None where there is none.

    Raises:
      ClipError: it is damaged or belongs to another clip.
    """
    path = (clip.path if clip.kind == "folder" else os.path.splitext(clip.path)[0]) + ".npz"
    if not os.path.isfile(path):
        return None
    try:
        with np.load(path) as file:
            packed, points, visible = (file[k] for k in ("packed_masks", "points", "visible"))
            parts = _PART_LEVELS[file["labels"]] if "labels" in file else None
    except (KeyError, IndexError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ClipError(f"{path} is no ground truth of a clip ({error}); make it again") from error
    masks = np.unpackbits(packed, axis=-1, count=clip.width).astype(bool)
    if masks.shape != (clip.frames, clip.height, clip.width):
        raise ClipError(
            f"{path} is for {len(masks)} frames of {masks.shape[2]}x{masks.shape[1]}, but "
            f"{clip.path} has {clip.frames} of {clip.width}x{clip.height}; make both again"
        )
    return ClipTruth(masks, points, visible, parts)
