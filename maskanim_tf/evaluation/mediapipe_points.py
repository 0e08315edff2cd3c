"""The one door to MediaPipe: its face mesh and its body pose, whose weights come with the package.

MediaPipe is optional (extra `metrics`) and does not exist for the newest Python.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from maskanim_tf.evaluation.image_model import ModelMissingError
from maskanim_tf.evaluation.metrics import KEYPOINT_SIDE, KeyPoints

# Its native part would print pages of notices.
os.environ.setdefault("GLOG_minloglevel", "2")

VISIBLE = 0.5


class MediaPipePoints:
    """468 points of a face, or 33 of a body; every frame is looked at on its own.

    A face is found with all its points or not at all; a point of a body counts as found where it is
    inside the frame and MediaPipe thinks it more likely visible than not.

    Args:
      subject: "face" or "pose".

    Raises:
      ModelMissingError: MediaPipe is not installed.
    """

    def __init__(self, subject: str):
        try:
            from mediapipe import solutions
        except ImportError as error:
            raise ModelMissingError(
                f"{error}; MediaPipe comes with pip install 'maskanim[metrics]' on Python 3.9 to "
                "3.11"
            ) from error
        self._points = 468 if subject == "face" else 33
        self._finder: Any
        if subject == "face":
            self.description = "MediaPipe face mesh, 468 points"
            self._finder = solutions.face_mesh.FaceMesh(static_image_mode=True)
        else:
            self.description = "MediaPipe pose, 33 points"
            self._finder = solutions.pose.Pose(static_image_mode=True, model_complexity=1)

    def detect(self, frames: np.ndarray) -> KeyPoints:
        """See `KeypointDetector.detect`."""
        positions = np.zeros((len(frames), self._points, 2), np.float32)
        found = np.zeros((len(frames), self._points), bool)
        for index, frame in enumerate(frames):
            landmarks = self._landmarks(np.ascontiguousarray(frame))
            if landmarks is None:
                continue
            positions[index] = [(point.x, point.y) for point in landmarks]
            if self._points == 33:
                inside = ((positions[index] >= 0) & (positions[index] <= 1)).all(-1)
                found[index] = inside & [point.visibility >= VISIBLE for point in landmarks]
            else:
                found[index] = True
        return KeyPoints(positions * KEYPOINT_SIDE, found)

    def _landmarks(self, frame: np.ndarray) -> Any:
        result = self._finder.process(frame)
        if self._points == 33:
            return result.pose_landmarks and result.pose_landmarks.landmark
        return result.multi_face_landmarks and result.multi_face_landmarks[0].landmark
