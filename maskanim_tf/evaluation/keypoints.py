"""Key-point detectors behind one small interface."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np

from maskanim_tf.evaluation.image_model import ImageModel, ModelInput
from maskanim_tf.evaluation.point_metrics import KEYPOINT_SIDE, KeyPoints
from maskanim_tf.puppets import JOINT_NAMES, detect_joints

# How a network's output is read. Letters name the numbers of one point; c is its confidence. A heat
# map `[batch, points, height, width]`, or with the points last, has its peak at the point.
LAYOUTS = ("xy", "yx", "xyc", "yxc", "heatmap", "heatmap_last")
UNITS = ("pixels", "fraction")


class KeypointDetector(Protocol):
    """Finds the same key points in every frame.

    Attributes:
      description: what it is, for tables.
      has_depth: whether its points have depth, so that shapes can be compared.
    """

    description: str
    has_depth: bool

    def detect(self, frames: np.ndarray) -> KeyPoints:
        """The points of square uint8 RGB frames `[frames, side, side, 3]`."""


class PuppetJoints:
    """The marked joints of puppets, found by colour."""

    description = f"puppet joints, {len(JOINT_NAMES)} points"
    has_depth = False

    def detect(self, frames: np.ndarray) -> KeyPoints:
        """See `KeypointDetector.detect`."""
        detected = [detect_joints(frame) for frame in frames]
        positions = np.stack([positions for positions, _ in detected])
        scale = np.float32(KEYPOINT_SIDE / frames.shape[1])
        return KeyPoints(positions * scale, np.stack([found for _, found in detected]))


class ModelPoints:
    """Points from the output of any network.

    Args:
      path: the file of the network.
      expects: how frames are prepared for it.
      layout: one of `LAYOUTS`.
      units: of positions: "pixels" of the network's input, or "fraction" of its side; heat maps
        need none.
      threshold: least confidence, or height of a peak, of a point that counts as found.

    Raises:
      ModelMissingError, ValueError: as `ImageModel`.
    """

    has_depth = False

    def __init__(self, path: str, expects: ModelInput, layout: str, units: str, threshold: float):
        self.description = f"key points of {os.path.basename(path)}"
        self._model = ImageModel(path, expects)
        self._path, self._layout, self._threshold = path, layout, threshold
        self._unit = KEYPOINT_SIDE / (expects.size if units == "pixels" else 1)

    def detect(self, frames: np.ndarray) -> KeyPoints:
        """See `KeypointDetector.detect`.

        Raises:
          ValueError: the output does not have the declared layout.
        """
        output = self._model(frames)
        if self._layout.startswith("heatmap"):
            return self._peaks(output)
        width = len(self._layout)
        numbers = output.size // len(frames)
        if numbers % width or (output.ndim > 2 and output.shape[-1] != width):
            raise self._mismatch(output)
        points = output.reshape(len(frames), -1, width).astype(np.float32)
        positions = points[..., [self._layout.index("x"), self._layout.index("y")]]
        found = np.isfinite(positions).all(-1)
        if width == 3:
            found &= points[..., 2] >= self._threshold
        return KeyPoints(np.nan_to_num(positions) * np.float32(self._unit), found)

    def _peaks(self, output: np.ndarray) -> KeyPoints:
        if output.ndim != 4:
            raise self._mismatch(output)
        maps = output if self._layout == "heatmap" else output.transpose(0, 3, 1, 2)
        height, width = maps.shape[2:]
        flat = maps.reshape(*maps.shape[:2], -1)
        rows, columns = np.unravel_index(flat.argmax(-1), (height, width))
        centres = np.stack([(columns + 0.5) / width, (rows + 0.5) / height], -1)
        positions = centres.astype(np.float32) * KEYPOINT_SIDE
        return KeyPoints(positions, flat.max(-1) >= self._threshold)

    def _mismatch(self, output: np.ndarray) -> ValueError:
        return ValueError(
            f"{self._path} returned an array of shape {list(output.shape)}, which is no "
            f"keypoints_layout={self._layout}; declare another of {', '.join(LAYOUTS)}"
        )
