"""The shape of a person: age, sex, ancestry, build and the details of a face."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.details import random_details
from maskanim_tf.people.kinematics import blend, bone_weights, rotation, turn_about

_ARMS = ("root", "upperarm01.L", "upperarm01.R")
_ARM_ANGLE = 0.38
_AGES = ("baby", "child", "young", "old")
_SEXES = ("male", "female")
_MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
_WEIGHTS = ("minweight", "averageweight", "maxweight")
ANCESTRIES = ("african", "asian", "caucasian")
# Shares of ages and their ranges: children, the young, adults, the old.
_AGE_SHARES = (0.12, 0.13, 0.52, 0.23)
_AGE_RANGES = ((0.27, 0.42), (0.46, 0.60), (0.60, 0.80), (0.80, 0.97))


@dataclasses.dataclass(frozen=True)
class Build:
    """The broad traits of a body.

    Attributes:
        age: 0 newborn, 1/3 child, 2/3 young adult, 1 old.
        gender: 0 male to 1 female.
        muscle, weight: 0 least, 0.5 average, 1 most.
        ancestry: shares of `ANCESTRIES`, their sum is 1.
    """

    age: float
    gender: float
    muscle: float
    weight: float
    ancestry: tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class Shape:
    """A person's shape at rest.

    Attributes:
        build: the broad traits.
        female: whether this person looks like a woman or a girl.
        details: weights of the other shape targets.
        positions: float32 `[vertices, 3]`; the middle of the eyes is where the base shape has it.
        joints: float32 `[bones, 3]`, heads of the bones.
    """

    build: Build
    female: bool
    details: dict[str, float]
    positions: np.ndarray
    joints: np.ndarray

    @property
    def old(self) -> float:
        """0 up to middle age, growing to 1 in old age."""
        return float(np.clip((self.build.age - 0.70) / 0.3, 0.0, 1.0))


def random_shape(body: Body, rng: np.random.Generator) -> Shape:
    """Draws a person."""
    female = bool(rng.random() < 0.5)
    gender = float(np.clip(rng.normal(0.92 if female else 0.08, 0.08), 0.0, 1.0))
    ancestry = rng.dirichlet([0.45, 0.45, 0.45])
    age = rng.uniform(*_AGE_RANGES[int(rng.choice(len(_AGE_SHARES), p=_AGE_SHARES))])
    weight, muscle = np.clip(rng.normal(0.5, (0.2, 0.16)), 0.05, 0.95)
    build = Build(float(age), gender, float(muscle), float(weight), tuple(ancestry.tolist()))
    details = random_details(body.target_names, rng)
    # A child's features are less pronounced.
    size = float(np.interp(age, (0.25, 0.60), (0.6, 1.0)))
    details = {name: value * size for name, value in details.items()}
    positions, joints = apply_targets(body, {**build_weights(build), **details})
    return Shape(build, female, details, positions, joints)


def build_weights(build: Build) -> dict[str, float]:
    """Weights of MakeHuman's macro targets: products of linear interpolations between its keys."""
    ages = _between(build.age, _AGES)
    sexes = _between(build.gender, _SEXES)
    muscles = _between(build.muscle, _MUSCLES)
    weights = _between(build.weight, _WEIGHTS)
    result = {}
    for (age, a), (sex, s) in itertools.product(ages.items(), sexes.items()):
        for name, share in zip(ANCESTRIES, build.ancestry):
            result[f"macro/{name}-{sex}-{age}"] = a * s * share
        for (muscle, m), (weight, w) in itertools.product(muscles.items(), weights.items()):
            result[f"macro/universal-{sex}-{age}-{muscle}-{weight}"] = a * s * m * w
    return {name: value for name, value in result.items() if value > 1e-4}


def apply_targets(body: Body, weights: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """The base shape with weighted targets added: positions and heads of the bones.

    Raises:
        KeyError: if there is no target of a name.
    """
    mesh = body.mesh
    index = {name: row for row, name in enumerate(body.target_names)}
    row = np.zeros(len(index), np.float32)
    row[[index[name] for name in weights]] = list(weights.values())
    positions = mesh.vertices + (mesh.targets.T @ row).reshape(-1, 3)
    positions = _lower_arms(body, positions)
    # Feet stand at different heights below: everybody's eyes are brought to one height.
    positions += _eyes(body, mesh.vertices) - _eyes(body, positions)
    return positions.astype(np.float32), (mesh.joints @ positions).astype(np.float32)


def _lower_arms(body: Body, positions: np.ndarray) -> np.ndarray:
    """Arms of the base mesh are held away from the body: lets them hang down."""
    maps = [np.eye(3, 4)]
    joints = body.mesh.joints @ positions
    for name, side in zip(_ARMS[1:], (1.0, -1.0)):
        turn = rotation(roll=-side * _ARM_ANGLE)
        maps.append(turn_about(joints[body.bones.index(name)], turn))
    return blend(bone_weights(body, _ARMS), maps, positions)


def _eyes(body: Body, positions: np.ndarray) -> np.ndarray:
    """The point between the eyeballs."""
    return np.mean([positions[each].mean(axis=0) for each in body.eye_vertices.values()], axis=0)


def _between(value: float, keys: tuple[str, ...]) -> dict[str, float]:
    """Shares of the two keys that `value` in [0, 1] lies between."""
    place = min(max(value, 0.0), 1.0) * (len(keys) - 1)
    return {key: max(0.0, 1.0 - abs(place - index)) for index, key in enumerate(keys)}
