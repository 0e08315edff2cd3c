"""What mask_prior wants masks to look like: sketches of the subject by its ground truth.

Skin is bright, hair and clothes are less so, eyes, brows, lips and the inside of the mouth dark;
the background is black. Whoever has the pose has nearly the sketch: it says nothing about colours.
"""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.data.clip_truth import ClipTruth

# Points of the face, numbered as in `people.landmarks`: of what, how bright, and a line's width as
# a share of the distance between the outer corners of the eyes; None for an area.
_FEATURES = (
    (range(17, 22), 0.50, 0.08),
    (range(22, 27), 0.50, 0.08),
    (range(31, 36), 0.65, 0.06),
    (range(36, 42), 0.30, None),
    (range(42, 48), 0.30, None),
    (range(48, 60), 0.55, None),
    (range(60, 68), 0.15, None),
)
_OUTER_CORNERS = (36, 45)
# Drawn larger by this factor, and with so many bits for fractions of a pixel.
_DETAIL, _FRACTION_BITS = 4, 4


def draw_sketches(truth: ClipTruth, size: int) -> np.ndarray:
    """Sketches of all frames of a clip, uint8 `[frames, size, size]`.

    Args:
      truth: of square frames.
      size: side of a mask.
    """
    large = size * _DETAIL
    scale = large / truth.masks.shape[1]
    sketches = []
    for frame, levels in enumerate(truth.levels):
        sketch = cv2.resize(levels, (large, large), interpolation=cv2.INTER_LINEAR)
        if truth.has_face:
            features = np.full_like(sketch, 255)
            _draw_face(features, truth.points[frame] * scale, truth.visible[frame])
            # An open mouth, which is a part of its own, is darker than the lips around it.
            sketch = np.minimum(sketch, features)
        sketches.append(cv2.resize(sketch, (size, size), interpolation=cv2.INTER_AREA))
    return np.stack(sketches)


def _draw_face(sketch: np.ndarray, points: np.ndarray, visible: np.ndarray) -> None:
    first, second = points[list(_OUTER_CORNERS)]
    width = float(np.linalg.norm(second - first))
    for numbers, level, line in _FEATURES:
        chosen = list(numbers)
        if visible[chosen].mean() < 0.5:
            continue
        # Centres of pixels are whole numbers to OpenCV.
        places = np.round((points[chosen] - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
        color = round(255 * level)
        if line is None:
            cv2.fillPoly(sketch, [places], color, cv2.LINE_AA, _FRACTION_BITS)
        else:
            thickness = max(1, round(line * width))
            cv2.polylines(sketch, [places], False, color, thickness, cv2.LINE_AA, _FRACTION_BITS)
