"""Where the subject is in a frame, real or generated: what mask IoU compares with the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np

from maskanim_tf.media.faces import mediapipe_solutions

# Largest difference of a channel from the empty scene that still counts as background, in [0, 1].
_TOLERANCE = 0.1
_LIKELY = 0.5

# Masks, bool `[frames, side, side]`, of uint8 frames `[frames, side, side, 3]`.
Segment = Callable[[np.ndarray], np.ndarray]


class Segmenter(Protocol):
    """Finds the subject in the frames of a clip.

    Attributes:
      description: what it is, for tables.
    """

    description: str

    def for_clip(self, frames: np.ndarray, masks: np.ndarray) -> Segment:
        """What segments frames that show the scene of a clip.

        Args:
          frames: some true frames of the clip, uint8 `[frames, side, side, 3]`.
          masks: where the subject is in them, bool `[frames, side, side]`.
        """


class SceneDifference:
    """What differs from the empty scene, for cameras that stand still.

    The empty scene is the median of the true frames where the subject is not; what it always hides
    is filled in from around.
    """

    description = "difference from the empty scene"

    def for_clip(self, frames: np.ndarray, masks: np.ndarray) -> Segment:
        """See `Segmenter.for_clip`."""
        # Subjects are a little wider than their masks: their rims mix with the background.
        kernel = np.ones((3, 3), np.uint8)
        wide = np.stack([cv2.dilate(mask.astype(np.uint8), kernel) > 0 for mask in masks])
        hidden = wide.all(0)
        seen = np.where(wide[..., None], np.nan, frames.astype(np.float32))
        seen[:, hidden] = 0
        scene = np.nanmedian(seen, axis=0).astype(np.uint8)
        scene = cv2.inpaint(scene, hidden.astype(np.uint8), 3, cv2.INPAINT_TELEA)

        def segment(shown: np.ndarray) -> np.ndarray:
            difference = np.abs(shown.astype(np.int16) - scene).max(-1)
            return difference > 255 * _TOLERANCE

        return segment


class MediaPipePerson:
    """People, as MediaPipe's selfie segmentation finds them; cameras may move.

    Raises:
      ImportError: MediaPipe is not installed.
    """

    description = "MediaPipe selfie segmentation"

    def __init__(self) -> None:
        segmentation = mediapipe_solutions().selfie_segmentation
        self._finder: Any = segmentation.SelfieSegmentation(model_selection=0)

    def for_clip(self, frames: np.ndarray, masks: np.ndarray) -> Segment:
        """See `Segmenter.for_clip`; the clip does not matter."""
        del frames, masks
        return self._segment

    def _segment(self, frames: np.ndarray) -> np.ndarray:
        results = (self._finder.process(np.ascontiguousarray(frame)) for frame in frames)
        return np.stack([result.segmentation_mask > _LIKELY for result in results])
