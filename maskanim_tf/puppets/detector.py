"""Finds the joints of a puppet in a picture, real or generated.

Every marker has its own direction in the chroma plane (see `palette`). A pixel speaks for a joint
by how far its chroma reaches into the wedge around that joint's direction; the joint is where these
votes, gathered over the area of a marker, are strongest, and its position is their centre of mass
there. Blur and compression spread the votes but move neither their direction nor their centre.
"""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.puppets.palette import chroma, joint_angles

# Half-width of a wedge. Full votes up to half of it, so that a tint of the whole picture costs
# nothing, then fewer. Neighbouring wedges overlap a little (directions are 30 degrees apart); the
# votes between them are weak.
_WEDGE = float(np.tan(np.deg2rad(18.0)))
# Chroma that counts for nothing: clothes and backgrounds stay below it.
_FLOOR = 0.13
# Marker radius as a share of the frame's side; puppets are between 0.7 and 0.9 of it tall.
_RADIUS = 0.032


def detect_joints(frame: np.ndarray, *, threshold: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Finds every joint by the colour of its marker.

    Args:
        frame: RGB `[size, size, 3]`; uint8 in [0, 255], or floating point in [0, 1].
        threshold: least mean vote, in units of chroma, over the area of a marker for a joint to
            count as found.

    Returns:
        Positions float32 `[joints, 2]`, (x, y) in pixels with the centre of the top left pixel at
        (0.5, 0.5), in the order of `JOINT_NAMES`, zero where nothing is found; and found, bool
        `[joints]`.

    Raises:
        ValueError: if the frame has another shape, or floating-point values outside [0, 1].
    """
    frame = np.asarray(frame)
    if frame.ndim != 3 or frame.shape[0] != frame.shape[1] or frame.shape[2] != 3:
        raise ValueError(f"frame must have shape [size, size, 3], got {list(frame.shape)}")
    if frame.dtype == np.uint8:
        frame = frame.astype(np.float32) / np.float32(255.0)
    elif not (np.min(frame) >= 0.0 and np.max(frame) <= 1.0):
        raise ValueError(
            f"floating-point frames must be in [0, 1], got [{np.min(frame)}, {np.max(frame)}]"
        )
    size = len(frame)
    radius = _RADIUS * size
    plane = chroma(frame)
    angles = np.deg2rad(joint_angles())
    positions = np.zeros((len(angles), 2), np.float32)
    found = np.zeros(len(angles), bool)
    for joint, angle in enumerate(angles):
        direction = np.array([np.cos(angle), np.sin(angle)], np.float32)
        along = plane @ direction
        beside = np.abs(plane @ np.array([-direction[1], direction[0]], np.float32))
        votes = np.minimum(along, np.maximum(2.0 * (along - beside / _WEDGE), 0.0))
        votes = np.where(along > _FLOOR, votes, np.float32(0.0))
        gathered = cv2.GaussianBlur(votes, (0, 0), 0.7 * radius, borderType=cv2.BORDER_CONSTANT)
        row, column = np.unravel_index(np.argmax(gathered), gathered.shape)
        found[joint] = gathered[row, column] > threshold
        if found[joint]:
            positions[joint] = _center_of_mass(votes, int(row), int(column), 1.6 * radius)
    return positions, found


def _center_of_mass(votes: np.ndarray, row: int, column: int, radius: float) -> np.ndarray:
    """Centre (x, y) of the votes within `radius` of a pixel."""
    reach = int(np.ceil(radius))
    y0, x0 = max(row - reach, 0), max(column - reach, 0)
    near = votes[y0 : row + reach + 1, x0 : column + reach + 1]
    dy = np.arange(near.shape[0], dtype=np.float32)[:, None] + y0 - row
    dx = np.arange(near.shape[1], dtype=np.float32)[None, :] + x0 - column
    near = near * (dx * dx + dy * dy <= radius * radius)
    total = near.sum()
    x, y = (near * dx).sum() / total, (near * dy).sum() / total
    return np.array([column + x + 0.5, row + y + 0.5], np.float32)
