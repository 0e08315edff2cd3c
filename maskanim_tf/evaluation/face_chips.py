"""Faces cut out and turned upright, as networks for recognition were trained on them.

A chip shows one face whose eyes and nose lie in given places. Networks of that kind say little
about faces that are framed otherwise.
"""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.evaluation.image_model import ImageModel
from maskanim_tf.evaluation.mediapipe_points import MediaPipePoints
from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE

# Where the corners of the eyes (of the picture's left eye: outer, inner; of the right one: inner,
# outer) and the base of the nose lie, as fractions of the face: the mean shape in dlib's
# `get_face_chip_details` (dlib/image_transforms/interpolation.h). A quarter of the face is added on
# each side, as in dlib's example `dnn_face_recognition_ex.cpp`.
PLACES = np.array(
    [
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.6460604764104, 0.2289674387677),
        (0.8595674595992, 0.2134981538014),
        (0.4901123135679, 0.6277975316475),
    ]
)
PADDING = 0.25
# The same points among those of MediaPipe's face mesh.
MESH = (33, 133, 362, 263, 2)


class FaceEmbedding:
    """The embedding of the face in each frame, which MediaPipe's face mesh finds.

    Args:
      model: turns chips into vectors.
      size: side of the chips that it takes.

    Raises:
      ImportError: MediaPipe is not installed.
    """

    def __init__(self, model: ImageModel, size: int):
        self._model, self._size = model, size
        self._finder = MediaPipePoints("face")
        self._features = model(np.zeros((1, size, size, 3), np.uint8)).size

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """float32 `[frames, features]` of square uint8 RGB frames; NaN where there is no face."""
        points = self._finder.detect(frames)
        found = points.found.all(-1)
        embeddings = np.full((len(frames), self._features), np.nan, np.float32)
        if found.any():
            pixels = points.positions[found][:, MESH] * (frames.shape[1] / KEYPOINT_SIDE)
            chips = [
                cut_chip(frame, five, self._size) for frame, five in zip(frames[found], pixels)
            ]
            embeddings[found] = self._model(np.stack(chips)).reshape(len(chips), -1)
        return embeddings


def cut_chip(frame: np.ndarray, points: np.ndarray, size: int) -> np.ndarray:
    """One face, turned, shifted and scaled so that its points come nearest to `PLACES`.

    Args:
      frame: uint8 `[height, width, 3]`.
      points: float `[5, 2]`, x and y in pixels, in the order of `PLACES`.
      size: side of the result in pixels.

    Returns:
      uint8 `[size, size, 3]`, black beyond the frame's edges.
    """
    places = (PLACES + PADDING) / (1 + 2 * PADDING) * size
    # The similarity of least squares, with x + iy for a point: places = turn * points + shift.
    here, there = (np.dot(p, (1, 1j)) for p in (points, places))
    centred = here - here.mean()
    turn = np.vdot(centred, there - there.mean()) / np.vdot(centred, centred)
    shift = there.mean() - turn * here.mean()
    matrix = np.array([(turn.real, -turn.imag, shift.real), (turn.imag, turn.real, shift.imag)])
    scale = float(abs(turn))
    if scale < 1:
        # Mixes in the pixels that a small chip would skip.
        frame = cv2.GaussianBlur(frame, (0, 0), 0.5 / scale)
    return cv2.warpAffine(frame, matrix, (size, size), flags=cv2.INTER_LINEAR)
