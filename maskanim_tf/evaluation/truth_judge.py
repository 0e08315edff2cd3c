"""Scores against the ground truth that synthetic clips bring along."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from maskanim_tf.data.sources import ClipSource
from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE, KeyPoints
from maskanim_tf.evaluation.scoring import Score, compare_masks, compare_points
from maskanim_tf.evaluation.segmentation import Segmenter

# What copying the source costs by known points and masks: a yardstick without any detector.
COPY_TRUTH = "copy, by ground truth"
NO_TRUTH = (
    "no ground truth beside the clips; take the folder that the generator wrote, since prepared "
    "shards have none"
)
# So many frames of a long clip show its empty scene well enough.
_SCENE_FRAMES = 64


class TruthJudge:
    """Compares where the subject is in the frames of one clip with where it should be.

    Args:
      clips: where the clip is from.
      clip: its index.
      segmenter: finds the subject, or None.

    Raises:
      ValueError: the ground truth is damaged.
    """

    def __init__(self, clips: ClipSource, clip: int, segmenter: Segmenter | None):
        self._truth = clips.read_truth(clip)
        self._segment = None
        if self._truth and segmenter:
            count = len(self._truth.masks)
            chosen = np.linspace(0, count - 1, min(count, _SCENE_FRAMES)).astype(int)
            frames = clips.read_frames(clip, chosen.tolist())
            self._segment = segmenter.for_clip(frames, self._truth.masks[chosen])

    def scores(
        self, numbers: np.ndarray, shown: Mapping[str, np.ndarray]
    ) -> dict[str, dict[str, Score]]:
        """What can be said about each method; empty where nothing is known.

        Args:
          numbers: which frames of the clip are to be shown.
          shown: per method its frames, uint8 `[frames, side, side, 3]`, or a single one that stands
            for all.
        """
        if self._truth is None:
            return {}
        masks = self._truth.masks
        wanted = masks[numbers]
        scores = {}
        if self._segment:
            for method, frames in shown.items():
                scores[method] = compare_masks(wanted, self._segment(frames))
        scores[COPY_TRUTH] = {
            **compare_points(self._points(numbers), self._points(numbers[:1] * 0)),
            **compare_masks(wanted, masks[:1]),
        }
        return scores

    def _points(self, numbers: np.ndarray) -> KeyPoints:
        assert self._truth
        scale = np.float32(KEYPOINT_SIDE / self._truth.masks.shape[2])
        return KeyPoints(self._truth.points[numbers] * scale, self._truth.visible[numbers])
