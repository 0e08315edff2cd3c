"""MediaPipe's face mesh and its body pose, whose weights come with the package."""

from __future__ import annotations

from typing import Any

import numpy as np

from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE, KeyPoints
from maskanim_tf.media.faces import mediapipe_solutions

VISIBLE = 0.5


class MediaPipePoints:
    """468 points of a face, or 33 of a body; every frame is looked at on its own.

    A face is found with all its points or not at all; a point of a body counts as found where it is
    inside the frame and MediaPipe thinks it more likely visible than not.

    Args:
      subject: "face" or "pose".

    Raises:
      ImportError: MediaPipe is not installed.
    """

    def __init__(self, subject: str):
        solutions = mediapipe_solutions()
        self._finder: Any
        # Limbs bend, so the shape of a body says nothing about whose it is.
        self.has_depth = subject == "face"
        if subject == "face":
            self.description, self._points = "MediaPipe face mesh, 468 points", 468
            self._finder = solutions.face_mesh.FaceMesh(static_image_mode=True)
        else:
            self.description, self._points = "MediaPipe pose, 33 points", 33
            self._finder = solutions.pose.Pose(static_image_mode=True, model_complexity=1)

    def detect(self, frames: np.ndarray) -> KeyPoints:
        """See `KeypointDetector.detect`."""
        places = np.zeros((len(frames), self._points, 3), np.float32)
        found = np.zeros((len(frames), self._points), bool)
        for index, frame in enumerate(frames):
            landmarks = self._landmarks(np.ascontiguousarray(frame))
            if landmarks is None:
                continue
            places[index] = [(point.x, point.y, point.z) for point in landmarks]
            found[index] = True
            if not self.has_depth:
                inside = ((places[index, :, :2] >= 0) & (places[index, :, :2] <= 1)).all(-1)
                found[index] = inside & [point.visibility >= VISIBLE for point in landmarks]
        places *= KEYPOINT_SIDE
        return KeyPoints(places[..., :2], found, places[..., 2] if self.has_depth else None)

    def _landmarks(self, frame: np.ndarray) -> Any:
        result = self._finder.process(frame)
        if self.has_depth:
            return result.multi_face_landmarks and result.multi_face_landmarks[0].landmark
        return result.pose_landmarks and result.pose_landmarks.landmark
