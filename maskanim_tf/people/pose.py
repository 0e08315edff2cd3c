"""Posing a person: expression, gaze, and the bones of spine, neck and head."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.kinematics import BONES, Rig, blend, bone_weights, rotation
from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.shape import Shape


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


class Poser:
    """Poses one person."""

    def __init__(self, body: Body, shape: Shape) -> None:
        self.body, self.shape = body, shape
        self._rig = Rig(body, shape.joints)
        self._weights = bone_weights(body, BONES)
        # Most vertices of the body belong to no expression.
        moved = (body.mesh.units != 0.0).any(axis=0)
        self._columns = np.flatnonzero(moved)
        self._units = np.ascontiguousarray(body.mesh.units[:, moved])

    def pose(self, state: MotionState) -> Pose:
        """The person in the state of a motion."""
        body, shape = self.body, self.shape
        positions = shape.positions.copy()
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
