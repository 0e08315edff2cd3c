"""Whether masks carry the pose: figures that tell before the frames do (docs/masks.md).

The whole method hangs on its masks, and they fail silently: an all-white mask has the smallest mask
loss there is. All figures are of masks in [0, 1] and take no part in training.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.models.mask_generator import BORDER

# A pixel this close to 0 or 1 is on the flat part of the sigmoid.
SATURATION = 0.02
# Frames differ by more than this, in [0, 1], where something moves.
MOTION = 0.1
# Below this standard deviation a mask is one grey, and below this change it does not follow a pose.
FLAT, STILL = 0.01, 0.001


@dataclasses.dataclass(frozen=True)
class MaskHealth:
    """Figures of the masks of some frames.

    Attributes:
      contrast: standard deviation over the pixels of a mask, mean over masks; 0 is one grey.
      saturated: share of pixels within 0.02 of 0 or 1.
      change: mean absolute difference of the masks of two frames of a clip; 0 carries no pose.
      polarity: mean of the mask where the picture moves minus its mean where it is still, in
        [-1, 1]; positive where objects are bright, as P_test wants them.
      luminance: correlation of masks with the luminance of their pictures, in [-1, 1]; far from 0
        a mask is a grey copy of the picture.
    """

    contrast: float
    saturated: float
    change: float
    polarity: float
    luminance: float

    @property
    def flat(self) -> bool:
        """Whether masks carry nothing."""
        return self.contrast < FLAT or self.change < STILL

    def caption(self) -> str:
        """The figures as a line of text."""
        return (
            f"masks: contrast {self.contrast:.3f}, saturated {self.saturated:.0%}, change "
            f"{self.change:.3f}, polarity {self.polarity:+.2f}, luminance {self.luminance:+.2f}"
        )

    def row(self) -> dict[str, float]:
        """The figures under the column names of the history."""
        return {f"mask_{key}": value for key, value in dataclasses.asdict(self).items()}


def mask_health(
    source_mask: np.ndarray, driving_mask: np.ndarray, source: np.ndarray, driving: np.ndarray
) -> MaskHealth:
    """Judges the masks of pairs of frames of the same clips.

    Args:
      source_mask: m_s, float `[batch, mask_size, mask_size, 1]` in [0, 1].
      driving_mask: m(d), same shape.
      source: D(s), the sources at the size of masks, float `[batch, mask_size, mask_size, 3]` in
        [0, 1].
      driving: D(d), same shape.
    """
    # The zero border of the release's masks says nothing; it is left out for all.
    inner = (slice(None), slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    source_mask, driving_mask, source, driving = (
        each[inner] for each in (source_mask, driving_mask, source, driving)
    )
    moving = np.abs(source - driving).max(-1, keepdims=True) > MOTION
    luminance = driving @ np.array((0.299, 0.587, 0.114), driving.dtype)
    return MaskHealth(
        contrast=float(driving_mask.std((1, 2, 3)).mean()),
        saturated=float((np.abs(driving_mask - 0.5) > 0.5 - SATURATION).mean()),
        change=float(np.abs(source_mask - driving_mask).mean()),
        polarity=_mean(driving_mask[moving]) - _mean(driving_mask[~moving]),
        luminance=float(np.mean([*map(_correlation, driving_mask[..., 0], luminance)])),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    spread = float(first.std() * second.std())
    if spread < 1e-6:
        return 0.0
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread
