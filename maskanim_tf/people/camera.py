"""The camera: framing, lens and path."""

from __future__ import annotations

import dataclasses

import numpy as np

_NEAR, _FAR = 0.5, 80.0


@dataclasses.dataclass(frozen=True)
class View:
    """A camera at one moment.

    Attributes:
        matrix: float32 `[4, 4]`, world to clip space (OpenGL's conventions).
        eye: float32 `[3]`, where the camera stands.
        forward: float32 `[3]`, unit vector along which it looks.
    """

    matrix: np.ndarray
    eye: np.ndarray
    forward: np.ndarray

    def project(self, points: np.ndarray, size: int) -> np.ndarray:
        """Positions (x, y) in pixels, y down, `[points, 2]`."""
        clip = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        plane = clip[:, :2] / clip[:, 3:]
        return np.stack([plane[:, 0] * 0.5 + 0.5, 0.5 - plane[:, 1] * 0.5], axis=1) * size

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Distances along the view axis, `[points]`, in decimetres."""
        return (points - self.eye) @ self.forward


def look(center: np.ndarray, turn: np.ndarray, distance: float, angle: float) -> View:
    """A camera that looks at `center`.

    Args:
        center: `[3]`.
        turn: `[3, 3]`, rotates the camera about `center` from its place straight ahead of it.
        distance: from `center` to the camera, above 0.
        angle: of view, across the picture, in radians.
    """
    backward = turn @ np.array([0.0, 0.0, 1.0])
    eye = center + distance * backward
    right, up = turn @ np.array([1.0, 0.0, 0.0]), turn @ np.array([0.0, 1.0, 0.0])
    view = np.eye(4)
    view[:3, :3] = right, up, backward
    view[:3, 3] = -view[:3, :3] @ eye
    scale = 1.0 / np.tan(angle / 2.0)
    lens = np.zeros((4, 4))
    lens[0, 0] = lens[1, 1] = scale
    lens[2, 2] = -(_FAR + _NEAR) / (_FAR - _NEAR)
    lens[2, 3] = -2.0 * _FAR * _NEAR / (_FAR - _NEAR)
    lens[3, 2] = -1.0
    matrix = (lens @ view).astype(np.float32)
    return View(matrix, eye.astype(np.float32), -backward.astype(np.float32))


class Camera:
    """A camera that stands still."""

    def __init__(self, rng: np.random.Generator) -> None:
        angle = np.deg2rad(rng.uniform(14, 34))
        height = rng.uniform(4.0, 6.5)
        yaw, pitch = rng.normal(0, 0.12), rng.normal(0, 0.06)
        from maskanim_tf.people.pose import rotation

        distance = height / (2 * np.tan(angle / 2))
        self.view = look(np.array([0.0, 7.0, 0.4]), rotation(yaw, pitch), distance, angle)

    def at(self, seconds: float) -> View:
        """The camera at a moment."""
        return self.view
