from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.kinematics import BONES, Rig, blend, bone_weights, rotation
from maskanim_tf.people.landmarks import landmark_vertices
from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.pose import Poser
from maskanim_tf.people.shape import random_shape


def state(units=52, **channels):
    still = {
        "face": np.zeros(units, np.float32),
        "gaze": np.zeros(2, np.float32),
        "head": np.zeros(3, np.float32),
        "torso": np.zeros(3, np.float32),
        "shift": np.zeros(3, np.float32),
        "shoulders": np.zeros(2, np.float32),
    }
    return MotionState(**{**still, **{k: np.asarray(v, np.float32) for k, v in channels.items()}})


@pytest.mark.parametrize(
    ("angles", "point", "expected"),
    [
        # The face looks along z; a quarter turn to the person's left makes it look along x.
        ((np.pi / 2, 0, 0), (0, 0, 1), (1, 0, 0)),
        # A nod makes it look down.
        ((0, np.pi / 2, 0), (0, 0, 1), (0, -1, 0)),
        # A tilt of the crown to the person's right, which is negative x.
        ((0, 0, np.pi / 2), (0, 1, 0), (-1, 0, 0)),
    ],
)
def test_rotations_by_hand(angles, point, expected):
    np.testing.assert_allclose(rotation(*angles) @ point, expected, atol=1e-12)


def test_bones_turn_by_hand(body):
    # All joints at the origin but that of the head, one above it: turns by 30 degrees at each of
    # neck01, neck02 and head. The first two carry the joint to (0, cos 60, sin 60).
    joints = np.zeros((len(body.bones), 3))
    joints[body.bones.index("head")] = 0.0, 1.0, 0.0
    head = Rig(body, joints).maps(state(head=(0, np.pi / 2, 0)))["head"]
    joint = np.array([0.0, np.cos(np.pi / 3), np.sin(np.pi / 3)])
    np.testing.assert_allclose(head @ (0, 1, 0, 1), joint, atol=1e-6)
    # A point one above the joint ends up in front of it.
    np.testing.assert_allclose(head @ (0, 2, 0, 1), joint + np.array([0, 0, 1]), atol=1e-6)


def test_shift_moves_everything(body):
    rig = Rig(body, np.asarray(body.mesh.joints @ body.rest))
    for matrix in rig.maps(state(shift=(0.1, 0.2, 0.3))).values():
        np.testing.assert_allclose(matrix @ (5, 6, 7, 1), (5.1, 6.2, 7.3), atol=1e-5)


def test_blend_is_the_weighted_mean_of_the_maps():
    up = np.array([[1, 0, 0, 0], [0, 1, 0, 2], [0, 0, 1, 0]], np.float32)
    turned = np.concatenate([rotation(np.pi / 2), np.zeros((3, 1))], axis=1)
    weights = np.array([[1, 0], [0, 1], [0.25, 0.75]], np.float32)
    result = blend(weights, [up, turned], np.float32([[0, 0, 1]] * 3))
    np.testing.assert_allclose(result, [[0, 2, 1], [1, 0, 0], [0.75, 0.5, 0.25]], atol=1e-6)


def test_head_is_rigid_and_waist_stays(body):
    weights = bone_weights(body, BONES)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    shape = random_shape(body, np.random.default_rng(0))
    poser = Poser(body, shape)
    pose = poser.pose(state(head=(0.9, 0.2, -0.1)))
    crown, brow = body.nearest((0.0, 8.49, 0.3)), body.nearest((0.3, 7.7, 1.3))
    before = np.linalg.norm(shape.positions[crown] - shape.positions[brow])
    after = np.linalg.norm(pose.positions[crown] - pose.positions[brow])
    assert after == pytest.approx(before, rel=1e-4)
    assert np.linalg.norm(pose.positions[crown] - shape.positions[crown]) > 0.05
    waist = shape.positions[:, 1] < 1.0
    np.testing.assert_allclose(pose.positions[waist], shape.positions[waist], atol=0.02)


def test_eyes_turn_in_their_sockets(body):
    shape = random_shape(body, np.random.default_rng(0))
    pose = Poser(body, shape).pose(state(gaze=(0.3, 0.2)))
    for side, vertices in body.eye_vertices.items():
        center = shape.positions[vertices].mean(axis=0)
        front = vertices[np.argmax(shape.positions[vertices, 2])]
        moved = pose.positions[front] - shape.positions[front]
        # To the person's left and up, at the same distance from the middle.
        assert moved[0] > 0.02
        assert moved[1] > 0.01
        np.testing.assert_allclose(pose.eye_centers[side], center, atol=1e-4)
        radii = [np.linalg.norm(each[front] - center) for each in (pose.positions, shape.positions)]
        assert radii[0] == pytest.approx(radii[1], rel=1e-4)


def test_expression_is_added(body):
    shape = random_shape(body, np.random.default_rng(0))
    face = np.zeros(52)
    jaw = body.unit_names.index("jawOpen")
    face[jaw] = 0.5
    pose = Poser(body, shape).pose(state(face=face))
    chin = body.nearest((0.0, 6.19, 1.42))
    expected = 0.5 * body.mesh.units[jaw].reshape(-1, 3)[chin]
    assert expected[1] < -0.05
    np.testing.assert_allclose(pose.positions[chin] - shape.positions[chin], expected, atol=1e-4)


def test_parted_lips_show_the_upper_teeth_and_the_lower_ones_go_with_the_jaw(body):
    poser = Poser(body, random_shape(body, np.random.default_rng(2)))
    face = np.zeros(52, np.float32)
    face[body.unit_names.index("jawOpen")] = 0.4
    shut, opened = (poser.pose(state(face=each)).positions for each in (np.zeros(52), face))
    upper, lower = (
        np.unique(body.mesh.faces[body.mesh.groups == f"helper-{name}-teeth"])
        for name in ("upper", "lower")
    )
    above, below = (landmark_vertices(body)[index] for index in (62, 66))
    assert opened[upper, 1].min() < opened[above, 1] - 0.01
    assert shut[below, 1] - opened[below, 1] > 0.08
    assert shut[lower, 1].max() - opened[lower, 1].max() > 0.08
