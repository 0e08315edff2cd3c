"""Posing a person: expression, gaze, and the bones of spine, neck and head."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.kinematics import BONES, Rig, blend, bone_weights, rotation
from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.shape import Shape

# Displacements in decimetres: of everybody's teeth and tongue, and with the jaw open in full.
_UPPER_TEETH = np.array([0.0, -0.028, 0.0], np.float32)
_LOWER_TEETH = np.array([0.0, -0.05, -0.03], np.float32)
_LOWER_TEETH_OPEN = np.array([0.0, -0.20, -0.02], np.float32)
_TONGUE = np.array([0.0, -0.05, -0.03], np.float32)
_TONGUE_OPEN = np.array([0.0, -0.22, -0.06], np.float32)
# The middle of a face and a breastbone in the base shape, homogeneous.
_FACE, _BREASTBONE = np.array([0.0, 7.1, 1.2, 1.0]), np.array([0.0, 5.0, 1.0, 1.0])


@dataclasses.dataclass(frozen=True)
class Pose:
    """A person at one moment.

    Attributes:
        positions: float32 `[vertices, 3]`.
        head, chest: float32 `[3, 4]`, maps from the shape at rest to head and chest at this moment.
        eye_rotations: `[3, 3]` for `left` and `right`, relative to the head.
        eye_centers: `[3]` for `left` and `right`, at this moment.
        state: the motion's channels.
    """

    positions: np.ndarray
    head: np.ndarray
    chest: np.ndarray
    eye_rotations: dict[str, np.ndarray]
    eye_centers: dict[str, np.ndarray]
    state: MotionState

    @property
    def anchors(self) -> np.ndarray:
        """Middle of the face and breastbone, `[2, 3]`."""
        return np.stack([self.head @ _FACE, self.chest @ _BREASTBONE])


class Poser:
    """Poses one person."""

    def __init__(self, body: Body, shape: Shape) -> None:
        self.body, self.shape = body, shape
        self._rig = Rig(body, shape.joints)
        self._weights = bone_weights(body, BONES)
        self._columns, self._units = _face_units(body)

    def pose(self, state: MotionState) -> Pose:
        """The person in the state of a motion."""
        body, shape = self.body, self.shape
        positions = shape.positions + _mouth_offset(body)
        positions.reshape(-1)[self._columns] += state.face @ self._units
        rotations = {}
        for side, vertices in body.eye_vertices.items():
            # The face units move eyeballs on straight lines: they are turned instead.
            turned = rotation(float(state.gaze[0]), -float(state.gaze[1]))
            center = shape.positions[vertices].mean(axis=0)
            positions[vertices] = (shape.positions[vertices] - center) @ turned.T + center
            rotations[side] = turned
        maps = self._rig.maps(state)
        posed = blend(self._weights, list(maps.values()), positions)
        return Pose(
            positions=posed,
            head=maps["head"].astype(np.float32),
            chest=maps["spine02"].astype(np.float32),
            eye_rotations=rotations,
            eye_centers={side: posed[each].mean(0) for side, each in body.eye_vertices.items()},
            state=state,
        )


@functools.lru_cache(maxsize=1)
def _face_units(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Which coordinates face units move, and how far `[units, columns]`: most they leave alone."""
    units = body.mesh.units.copy()
    jaw = units[body.unit_names.index("jawOpen")].reshape(-1, 3)
    # Lower teeth and tongue stay behind the lip, which MakeHuman lowers more than them.
    _, lower, tongue = _mouth_parts(body)
    jaw[lower] += _LOWER_TEETH_OPEN
    jaw[tongue] += _TONGUE_OPEN
    units[body.unit_names.index("tongueOut")].reshape(-1, 3)[tongue] -= (
        np.float32(0.5) * _TONGUE_OPEN
    )
    columns = np.flatnonzero((units != 0.0).any(axis=0))
    return columns, np.ascontiguousarray(units[:, columns])


@functools.lru_cache(maxsize=1)
def _mouth_offset(body: Body) -> np.ndarray:
    """Upper teeth are seen below the lip when lips part, the lower ones lie behind them."""
    offset = np.zeros_like(body.rest)
    upper, lower, tongue = _mouth_parts(body)
    offset[upper], offset[lower], offset[tongue] = _UPPER_TEETH, _LOWER_TEETH, _TONGUE
    return offset


def _mouth_parts(body: Body) -> list[np.ndarray]:
    """Numbers of the vertices of upper teeth, lower teeth and tongue."""
    groups = ("helper-upper-teeth", "helper-lower-teeth", "helper-tongue")
    return [np.unique(body.mesh.faces[body.mesh.groups == group]) for group in groups]
