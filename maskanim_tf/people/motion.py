"""What a person does: expression, gaze and posture as functions of time."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.interpolate import CubicSpline


@dataclasses.dataclass(frozen=True)
class MotionState:
    """A moment of a motion; angles in radians, lengths in decimetres.

    Attributes:
        face: float32 `[52]` in [0, 1], weights of the face units in the order of `Mesh.unit_names`.
        gaze: `[2]`, eyes turned to the person's left and up, relative to the head.
        head: `[3]`, turn to the left, nod down, tilt to the right, relative to the chest.
        torso: `[3]`, the same of the chest.
        shift: `[3]`, displacement of the whole body.
    """

    face: np.ndarray
    gaze: np.ndarray
    head: np.ndarray
    torso: np.ndarray
    shift: np.ndarray


class Motion:
    """A motion, the same for every identity."""

    def __init__(self, names: list[str], rng: np.random.Generator, seconds: float) -> None:
        n = int(seconds * 25) + 3
        r = rng
        F = np.zeros((n, len(names)), np.float32)
        ix = {k: i for i, k in enumerate(names)}

        def smooth_noise(r, n, step, s):
            k = max(4, int(n / step) + 4)
            y = r.normal(0, s, k)
            return CubicSpline(np.arange(k) * step, y)(np.arange(n) + step * 0.7)

        def pos(step, s, b=0.0):
            return np.clip(smooth_noise(r, n, step, s) + b, 0, 1)

        jaw = pos(3.2, 0.34, 0.16)
        F[:, ix["jawOpen"]] = np.clip(jaw, 0, 0.7)
        smile = pos(22, 0.4, 0.2)
        for s in ("Left", "Right"):
            F[:, ix["mouthSmile" + s]] = smile
        self.face = F
        self.head = np.clip(smooth_noise(r, 3 * n, 15, 0.30).reshape(3, n).T, -0.5, 0.5) * [1.5, 0.5, 0.5]
        self.torso = smooth_noise(r, 3 * n, 24, 0.06).reshape(3, n).T
        self.shift = smooth_noise(r, 3 * n, 22, 0.15).reshape(3, n).T
        self.gaze = np.clip(smooth_noise(r, 2 * n, 14, 0.2).reshape(2, n).T, -0.4, 0.4)

    def at(self, seconds: float) -> MotionState:
        place = seconds * 25
        i = int(place)
        f = np.float32(place - i)

        def mix(table):
            return (table[i] * (1 - f) + table[i + 1] * f).astype(np.float32)

        return MotionState(*map(mix, (self.face, self.gaze, self.head, self.torso, self.shift)))
