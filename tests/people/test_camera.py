from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.camera import FRAMINGS, Camera, look
from maskanim_tf.people.kinematics import Rig, rotation
from maskanim_tf.people.motion import Motion


def camera(body, seed, **options):
    rig = Rig(body, body.mesh.joints @ body.rest)
    motion = Motion(body.unit_names, np.random.default_rng(seed), 3.0)
    return rig, motion, Camera(rig, motion, np.random.default_rng(seed), **options)


def test_projection_by_hand():
    # From ten away, a right angle of view shows ten to either side: half of it is 2.5 pixels of 10.
    view = look(np.array([0.0, 7.0, 0.0]), np.eye(3), 10.0, np.pi / 2)
    np.testing.assert_allclose(view.eye, [0, 7, 10])
    points = np.array([[0.0, 7.0, 0.0], [5.0, 7.0, 0.0], [0.0, 12.0, 0.0], [0.0, 7.0, 5.0]])
    expected = [[5.0, 5.0], [7.5, 5.0], [5.0, 2.5], [5.0, 5.0]]
    np.testing.assert_allclose(view.project(points, 10), expected, atol=1e-5)
    np.testing.assert_allclose(view.depth(points), [10, 10, 10, 5], atol=1e-5)
    assert view.scale(10.0, 10) == pytest.approx(0.5)


def test_a_turned_camera_stands_aside():
    view = look(np.zeros(3), rotation(np.pi / 2), 10.0, 0.5)
    np.testing.assert_allclose(view.eye, [10, 0, 0], atol=1e-5)
    # What is behind for the person appears to the right.
    assert view.project(np.array([[0.0, 0.0, -1.0]]), 100)[0, 0] > 50


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("framing", FRAMINGS)
def test_heads_stay_in_the_picture(body, seed, framing):
    rig, motion, filmed = camera(body, seed, framing=framing, movement="still")
    head = body.rest[body.skin_vertices]
    head = head[head[:, 1] > 6.3]
    if framing == "face":
        head = head[(head[:, 1] < 8.2) & (head[:, 2] > 0.0) & (np.abs(head[:, 0]) < 0.75)]
    heights = []
    for seconds in np.linspace(0.0, 3.0, 12):
        matrix = rig.maps(motion.at(float(seconds)))["head"]
        places = filmed.at(float(seconds)).project(head @ matrix[:, :3].T + matrix[:, 3], 1)
        assert places.min() > 0.0
        assert places.max() < 1.0
        heights.append(np.ptp(places[:, 1]))
        # No cut through the body comes into the picture.
        assert filmed.at(float(seconds)).project(np.array([[0.0, 0.6, 0.0]]), 1)[0, 1] > 1.0
    assert np.median(heights) < FRAMINGS[framing][1] + 0.08


def test_framings_differ_in_size(body):
    sizes = []
    for framing in FRAMINGS:
        _, _, filmed = camera(body, 0, framing=framing, movement="still")
        ends = np.array([[0.0, 6.2, 1.4], [0.0, 8.5, 0.3]])
        sizes.append(np.ptp(filmed.at(0.0).project(ends, 1)[:, 1]))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1.6 * sizes[-1]


def test_still_cameras_stand_still_and_others_move(body):
    moved = {}
    for movement in ("still", "hand-held", "moving"):
        _, _, filmed = camera(body, 1, movement=movement)
        matrices = [filmed.at(seconds).matrix for seconds in (0.0, 0.5, 1.0, 3.0)]
        moved[movement] = np.abs(np.diff(matrices, axis=0)).max()
        assert filmed.movement == movement
    assert moved["still"] == 0.0
    assert min(moved["hand-held"], moved["moving"]) > 0.005
