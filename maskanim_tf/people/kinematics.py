"""Bones: which ones move, how they hang together, and how the skin follows."""

from __future__ import annotations

import functools
import math

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.motion import MotionState

# The bones that move, each with the one that it moves with.
_PARENTS = {
    "spine05": "root",
    "spine02": "spine05",
    "neck01": "spine02",
    "neck02": "neck01",
    "head": "neck02",
    "clavicle.L": "spine02",
    "clavicle.R": "spine02",
}
BONES = ("root", *_PARENTS)


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Turn to the left, nod down, tilt to the right as the person sees it: radians, `[3, 3]`."""
    cy, cp, cr = math.cos(yaw), math.cos(pitch), math.cos(roll)
    sy, sp, sr = math.sin(yaw), math.sin(pitch), math.sin(roll)
    # The product of the three turns about y, x and z.
    return np.array(
        [
            [cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp],
            [cp * sr, cp * cr, -sp],
            [cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp],
        ]
    )


def turn_about(joint: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The map `[3, 4]` that turns everything about `joint`."""
    return np.concatenate([turn, (joint - turn @ joint)[:, None]], axis=1)


class Rig:
    """The moving bones of one shape."""

    def __init__(self, body: Body, joints: np.ndarray) -> None:
        """`joints`: heads of all bones, `[bones, 3]`."""
        self._joints = {name: joints[body.bones.index(name)] for name in _PARENTS}

    def maps(self, state: MotionState) -> dict[str, np.ndarray]:
        """For each of `BONES` the map `[3, 4]` from rest to a moment."""
        share = rotation(*(state.head / 3.0))
        bend = rotation(*(state.torso / 2.0))
        left, right = state.shoulders
        turns = {
            "spine05": bend,
            "spine02": bend,
            "neck01": share,
            "neck02": share,
            "head": share,
            "clavicle.L": rotation(roll=left),
            "clavicle.R": rotation(roll=-right),
        }
        maps = {"root": np.concatenate([np.eye(3), state.shift[:, None]], axis=1)}
        for name, parent in _PARENTS.items():
            first, second = maps[parent], turn_about(self._joints[name], turns[name])
            offset = first[:, :3] @ second[:, 3] + first[:, 3]
            maps[name] = np.concatenate([first[:, :3] @ second[:, :3], offset[:, None]], axis=1)
        return maps


@functools.lru_cache(maxsize=4)
def bone_weights(body: Body, names: tuple[str, ...]) -> np.ndarray:
    """Skinning weights `[vertices, bones]` of some bones, rows sum to 1.

    All other bones follow their parents; the first of `names` must be the root.
    """
    weights = np.zeros((len(body.rest), len(names)), np.float32)
    for bone in range(len(body.bones)):
        ancestor = bone
        while body.bones[ancestor] not in names:
            ancestor = int(body.mesh.parents[ancestor])
        weights[:, names.index(body.bones[ancestor])] += body.mesh.weights[:, bone]
    # Vertices of no bone, such as those that mark the joints, stay with the first.
    weights[:, 0] += 1.0 - weights.sum(axis=1)
    return weights


def blend(weights: np.ndarray, maps: list[np.ndarray], positions: np.ndarray) -> np.ndarray:
    """Linear blend skinning: each vertex `[vertices, 3]` moved by the weighted mean of the maps.

    Args:
        weights: `[vertices, bones]`.
        maps: `[3, 4]` for each bone.
        positions: `[vertices, 3]`.
    """
    table = np.array(maps, np.float32).reshape(len(maps), 12)
    mixed = (weights @ table).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", mixed[:, :, :3], positions) + mixed[:, :, 3]
