"""From frames to scores: what is seen in frames, compared, and pooled over videos.

Frames are observed once, however many methods are compared with them. Every score is a mean over
frames: over all frames of all videos for a method, so that a long video counts for more than a
short one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from maskanim_tf.evaluation import metrics, point_metrics
from maskanim_tf.evaluation.detectors import Detectors
from maskanim_tf.evaluation.metrics import AED, AKD, CSIM, IOU, L1, MKR, POSE, SHAPE, SSIM
from maskanim_tf.evaluation.point_metrics import KeyPoints

# What is measured when a video is rebuilt, when someone else drives the source, and when someone
# else drives it who makes the very motion that the source makes in its own video.
RECONSTRUCTION = (L1, SSIM, AKD, MKR, AED, CSIM)
ACROSS = (L1, SSIM, AKD, MKR, IOU, AED, CSIM)
ANIMATION = (AKD, MKR, POSE, SHAPE, AED, CSIM)


@dataclasses.dataclass(frozen=True)
class Observation:
    """What is seen in some frames.

    Attributes:
      frames: uint8 `[frames, side, side, 3]`.
      points: their key points, if there is a detector.
      embeddings: float `[frames, features]`, if there is an embedding; NaN in frames without what
        it looks at.
    """

    frames: np.ndarray
    points: KeyPoints | None = None
    embeddings: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Score:
    """A mean and what it was taken over.

    Attributes:
      value: the mean; None where nothing could be compared, as of key points that nowhere appear.
      weight: the number of frames, for MKR that of key points.
    """

    value: float | None
    weight: float


# Per method and video the score of each metric.
Results = dict[str, dict[str, dict[str, Score]]]


def observe(detectors: Detectors, frames: np.ndarray) -> Observation:
    """Key points and embeddings of square uint8 frames `[frames, side, side, 3]`."""
    detector, embedding = detectors.detector, detectors.embedding
    return Observation(
        frames,
        detector.detect(frames) if detector else None,
        embedding(frames).reshape(len(frames), -1) if embedding else None,
    )


def compare_reconstruction(real: Observation, generated: Observation) -> dict[str, Score]:
    """The scores of frames, or of one in the place of all, against those that they rebuild."""
    return {
        L1: _mean(metrics.l1(real.frames, generated.frames)),
        SSIM: _mean(metrics.ssim(real.frames, generated.frames)),
        **compare_points(real.points, generated.points),
        **_compare_embeddings(real.embeddings, generated.embeddings),
    }


def compare_animation(
    driving: Observation, source: Observation, generated: Observation
) -> dict[str, Score]:
    """The scores of animated frames: the pose against the driver, the identity against the source.

    Key points of faces depend on whose face it is: a method that gives the source the driver's face
    has a better AKD and pose for it, and a worse shape.

    Args:
      driving: as many frames as generated.
      source: one frame.
      generated: the frames to score.
    """
    scores = compare_points(driving.points, generated.points)
    if driving.points and generated.points:
        scores[POSE] = _mean(point_metrics.pose_distance(driving.points, generated.points))
    if source.points and generated.points and source.points.depth is not None:
        scores[SHAPE] = _mean(point_metrics.shape_distance(source.points, generated.points))
    return {**scores, **_compare_embeddings(source.embeddings, generated.embeddings)}


def compare_points(real: KeyPoints | None, generated: KeyPoints | None) -> dict[str, Score]:
    """The scores of key points against the real ones; none where there is no detector."""
    if real is None or generated is None:
        return {}
    return {
        AKD: _mean(point_metrics.keypoint_distance(real, generated)),
        MKR: _mean(*point_metrics.missing_rate(real, generated)),
    }


def compare_masks(real: np.ndarray, generated: np.ndarray) -> dict[str, Score]:
    """The score of masks, bool `[frames, side, side]`, against the true ones."""
    return {IOU: _mean(metrics.mask_overlap(real, generated))}


def pool(parts: Iterable[Mapping[str, Score]]) -> dict[str, Score]:
    """One score per metric from those of several batches or videos."""
    sums: dict[str, tuple[float, float]] = {}
    for scores in parts:
        for metric, score in scores.items():
            total, weight = sums.get(metric, (0.0, 0.0))
            total += score.weight * (score.value or 0.0)
            sums[metric] = total, weight + score.weight
    return {
        metric: Score(total / weight if weight else None, weight)
        for metric, (total, weight) in sums.items()
    }


def _compare_embeddings(real: np.ndarray | None, generated: np.ndarray | None) -> dict[str, Score]:
    if real is None or generated is None:
        return {}
    return {
        AED: _mean(metrics.embedding_distance(real, generated)),
        CSIM: _mean(metrics.cosine_similarity(real, generated)),
    }


def _mean(values: np.ndarray, weights: np.ndarray | None = None) -> Score:
    """The weighted mean of the values that are no NaN."""
    weights = np.where(np.isnan(values), 0, 1 if weights is None else weights)
    weight = float(weights.sum())
    return Score(
        float((np.nan_to_num(values) * weights).sum() / weight) if weight else None, weight
    )
