"""The camera: framing, lens and path. It depends on the motion, never on who performs it."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from maskanim_tf.people.curves import RATE, ease, smooth_noise
from maskanim_tf.people.kinematics import Rig, rotation
from maskanim_tf.people.motion import Motion

NEAR, FAR = 0.5, 80.0
# Height of the head as a share of the picture.
FRAMINGS = {
    "face": (0.72, 0.95),
    "close-up": (0.58, 0.72),
    "portrait": (0.45, 0.58),
    "shoulders": (0.35, 0.45),
    "half-length": (0.28, 0.35),
}
_FRAMING_SHARES = (0.25, 0.25, 0.25, 0.17, 0.08)
_CAMERAS = ("still", "hand-held", "moving")
CAMERAS = ("any", *_CAMERAS)
_CAMERA_SHARES = (0.6, 0.28, 0.12)
# Corners of a box round a head with hair, and of one round the face, in decimetres of the base
# shape: what has to stay in the picture.
_HEAD = ((-0.95, 6.1, -0.9), (0.95, 8.85, 1.75))
_FACE = ((-0.75, 6.2, 0.0), (0.75, 8.2, 1.5))
_HEAD_HEIGHT = 2.45
# Share of the picture that stays free on every side of the head.
_MARGIN = 0.03
# Below this height, in decimetres, the body ends.
_LOWEST = 1.7


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

    def scale(self, depth: float, size: int) -> float:
        """Pixels per decimetre at a distance along the view axis."""
        return 0.5 * size * float(np.linalg.norm(self.matrix[0, :3])) / depth


def look(center: np.ndarray, turn: np.ndarray, distance: float, angle: float) -> View:
    """A camera that looks at `center`.

    Args:
        center: `[3]`.
        turn: `[3, 3]`, rotates the camera about `center` from its place straight ahead of it.
        distance: from `center` to the camera, above 0.
        angle: of view, across the picture, in radians.
    """
    backward = turn[:, 2]
    eye = center + distance * backward
    view = np.eye(4)
    view[:3, :3] = turn.T
    view[:3, 3] = -view[:3, :3] @ eye
    scale = 1.0 / np.tan(angle / 2.0)
    lens = np.zeros((4, 4))
    lens[0, 0] = lens[1, 1] = scale
    lens[2, 2] = -(FAR + NEAR) / (FAR - NEAR)
    lens[2, 3] = -2.0 * FAR * NEAR / (FAR - NEAR)
    lens[3, 2] = -1.0
    matrix = (lens @ view).astype(np.float32)
    return View(matrix, eye.astype(np.float32), -backward.astype(np.float32))


class Camera:
    """A camera that keeps the head of whoever performs a motion in the picture.

    Attributes:
        framing: a key of `FRAMINGS`.
        movement: `still`, `hand-held` or `moving`.
    """

    def __init__(
        self,
        rig: Rig,
        motion: Motion,
        rng: np.random.Generator,
        *,
        framing: str = "any",
        movement: str = "any",
        keep: bool = True,
    ) -> None:
        """Draws a camera.

        Args:
            rig: of the base shape.
            motion: what is filmed.
            rng: consumed the same way whatever the other arguments.
            framing: a key of `FRAMINGS` or `any`.
            movement: one of `CAMERAS`.
            keep: whether the head stays in the picture all the time.
        """
        choose, shaking = rng.spawn(2)
        drawn = list(FRAMINGS)[int(choose.choice(len(FRAMINGS), p=_FRAMING_SHARES))]
        moved = _CAMERAS[int(choose.choice(len(_CAMERAS), p=_CAMERA_SHARES))]
        self.framing = drawn if framing == "any" else framing
        self.movement = moved if movement == "any" else movement
        low, high = FRAMINGS[self.framing]
        share = low + (high - low) * choose.uniform()
        self._angle = np.deg2rad(choose.uniform(13.0, 30.0))
        yaw, pitch = np.clip(choose.normal(0.0, (0.14, 0.06)), (-0.5, -0.15), (0.5, 0.15))
        aside, above = choose.uniform(-1.0, 1.0, 2)
        zoom, pan = choose.normal(0.0, 0.10), choose.normal(0.0, 0.12)
        self._turn = (yaw, pitch)
        self._pan = pan if self.movement == "moving" else 0.0
        self._zoom = zoom if self.movement == "moving" else 0.0
        self._seconds = motion.seconds
        self._shake = np.zeros((int(np.ceil(motion.seconds * RATE)) + 2, 4))
        if self.movement == "hand-held":
            times = np.arange(len(self._shake)) / RATE
            slow, fast = smooth_noise(shaking, times, 1.2, 4), smooth_noise(shaking, times, 0.25, 4)
            # Radians, and shares of the picture's height.
            self._shake = (slow + 0.25 * fast) * (0.02, 0.012, 0.010, 0.010)

        self._height, self._center = _HEAD_HEIGHT / share, np.array([0.0, 7.2, 0.4])
        # Repeated, as perspective changes with the distance.
        for _ in range(3):
            (left, top), (right, bottom) = self._extent(rig, motion)
            width = max(right - left, bottom - top) / (1.0 - 2.0 * _MARGIN)
            room = (1.0 - 2.0 * _MARGIN) * max(width, 1.0)
            room_x, room_y = max(0.0, room - (right - left)), max(0.0, room - (bottom - top))
            # Eyes lie above the middle of a well framed picture, and bodies below the head.
            x = 0.5 * (left + right) - 0.5 + 0.3 * aside * room_x
            y = top - (0.22 + 0.12 * above) * room_y - _MARGIN
            self._center = self._center + self._height * np.array([x, -y, 0.0])
            if keep and width > 1.0:
                self._height *= width
            self._center[1] = max(self._center[1], _LOWEST + 0.5 * self._height)

    def at(self, seconds: float) -> View:
        """The camera at a moment of its motion."""
        place = seconds * RATE
        first = int(place)
        shake = self._shake[first] + (place - first) * (self._shake[first + 1] - self._shake[first])
        share = float(ease(np.array(seconds / max(self._seconds, 1e-6)))) - 0.5
        yaw, pitch = self._turn
        turn = rotation(yaw + self._pan * share + shake[0], pitch + shake[1])
        turn = turn @ rotation(roll=0.3 * shake[0])
        center = self._center + self._height * np.array([shake[2], shake[3], 0.0])
        height = self._height * np.exp(self._zoom * share)
        return look(center, turn, 0.5 * height / np.tan(0.5 * self._angle), self._angle)

    def _extent(self, rig: Rig, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
        """Corners (x, y) of the box round all places of the head, or face, as shares of a side."""
        box = _FACE if self.framing == "face" else _HEAD
        corners = np.array(list(itertools.product(*zip(*box))))
        places = []
        for seconds in np.linspace(0.0, motion.seconds, max(2, int(motion.seconds * 8))):
            head = rig.maps(motion.at(seconds))["head"]
            places.append(self.at(seconds).project(corners @ head[:, :3].T + head[:, 3], 1))
        points = np.concatenate(places)
        return points.min(axis=0), points.max(axis=0)
