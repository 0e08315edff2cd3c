"""Posing a person: expression, gaze, and the bones of spine, neck and head."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.body import Body
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


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Turn to the person's left, nod down, tilt to the person's right: radians, `[3, 3]`."""
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    turn = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    nod = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    tilt = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    return turn @ nod @ tilt


class Poser:
    """Poses one person."""

    def __init__(self, body: Body, shape: Shape) -> None:
        self.body, self.shape = body, shape
        self._weights = moving_weights(body, _ORDER)

    def pose(self, state: MotionState) -> Pose:
        """The person in the state of a motion."""
        body, shape = self.body, self.shape
        face = state.face @ body.mesh.units
        positions = shape.positions + face.reshape(-1, 3)
        rotations = {}
        for side, vertices in body.eye_vertices.items():
            # The face units move eyeballs on straight lines: they are turned instead.
            turned = rotation(state.gaze[0], -state.gaze[1])
            center = shape.positions[vertices].mean(axis=0)
            positions[vertices] = (shape.positions[vertices] - center) @ turned.T + center
            rotations[side] = turned
        maps = self.maps(state)
        posed = blend(self._weights, maps, positions)
        return Pose(
            positions=posed,
            head=maps[_ORDER.index("head")],
            chest=maps[_ORDER.index("spine02")],
            eye_rotations=rotations,
            eye_centers={side: posed[each].mean(0) for side, each in body.eye_vertices.items()},
            state=state,
        )

    def maps(self, state: MotionState) -> np.ndarray:
        """Maps `[moving bones, 3, 4]` from rest to this moment."""
        share = rotation(*(state.head / 3.0))
        left, right = state.shoulders
        turns = {
            "spine02": rotation(*state.torso),
            "neck01": share,
            "neck02": share,
            "head": share,
            "clavicle.L": rotation(roll=left),
            "clavicle.R": rotation(roll=-right),
        }
        maps = {"root": np.concatenate([np.eye(3), state.shift[:, None]], axis=1)}
        for name, parent in _BONES.items():
            joint = self.shape.joints[self.body.bones.index(name)]
            local = np.concatenate([turns[name], (joint - turns[name] @ joint)[:, None]], axis=1)
            maps[name] = _compose(maps[parent], local)
        return np.array(list(maps.values()), np.float32)


# The bones that move, each with the one that it moves with.
_BONES = {
    "spine02": "root",
    "neck01": "spine02",
    "neck02": "neck01",
    "head": "neck02",
    "clavicle.L": "spine02",
    "clavicle.R": "spine02",
}
_ORDER = ("root", *_BONES)


def blend(weights: np.ndarray, maps: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Linear blend skinning: each vertex `[vertices, 3]` moved by the weighted mean of the maps."""
    mixed = (weights @ maps.reshape(len(maps), 12)).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", mixed[:, :, :3], positions) + mixed[:, :, 3]


def _compose(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The map that applies `second`, then `first`."""
    offset = first[:, :3] @ second[:, 3] + first[:, 3]
    return np.concatenate([first[:, :3] @ second[:, :3], offset[:, None]], axis=1)


def moving_weights(body: Body, names: tuple[str, ...]) -> np.ndarray:
    """Skinning weights `[vertices, bones]` of some bones; all others follow their parents."""
    weights = np.zeros((len(body.rest), len(names)), np.float32)
    for bone in range(len(body.bones)):
        ancestor = bone
        while body.bones[ancestor] not in names:
            ancestor = int(body.mesh.parents[ancestor])
        weights[:, names.index(body.bones[ancestor])] += body.mesh.weights[:, bone]
    return weights
