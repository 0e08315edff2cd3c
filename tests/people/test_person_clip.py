from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from maskanim_tf.people.camera import look
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.labels import LABELS
from maskanim_tf.people.landmarks import POINT_NAMES, landmark_vertices
from maskanim_tf.people.person_clip import ClipOptions, clip_name, make_clip
from maskanim_tf.people.renderer import Renderer
from maskanim_tf.people.scene import Scene
from maskanim_tf.people.truth import visible_points
from tests.people.test_kinematics import state

OPTIONS = ClipOptions(size=96, frames=3, fps=5.0)
SIDE = 128


@pytest.fixture(scope="module")
def clip(opengl):
    return make_clip(1, 0, 0, OPTIONS)


@pytest.fixture(scope="module")
def partner(opengl):
    return make_clip(1, 1, 0, OPTIONS)


@pytest.fixture(scope="module")
def sight(opengl, body):
    """Draws a person whose head turns by an angle: the pose, the view and what was drawn."""
    renderer = Renderer(body, SIDE)
    identity = Identity(body, 1, 0)
    renderer.set_person(identity)
    renderer.set_scene(Scene(np.random.default_rng(0), "plain"))
    view = look(np.array([0.0, 7.0, 0.3]), np.eye(3), 20.0, np.deg2rad(14.0))

    def draw(angle):
        pose = identity.poser.pose(state(head=(0.75 * angle, 0, 0), torso=(0.25 * angle, 0, 0)))
        return pose, view, renderer.render(pose, view, 0.0)

    yield draw
    renderer.release()


def test_clip_has_documented_shapes_and_types(clip):
    assert clip.frames.shape == (3, 96, 96, 3)
    assert clip.frames.dtype == clip.labels.dtype == np.uint8
    assert clip.labels.shape == (3, 96, 96)
    assert clip.labels.max() < len(LABELS)
    assert clip.points.shape == (3, len(POINT_NAMES), 2)
    assert clip.visible.shape == (3, len(POINT_NAMES))
    assert clip.points_3d.shape == (3, len(POINT_NAMES), 3)
    assert clip.cameras.shape == (3, 4, 4)
    assert len(clip.states) == 3
    assert clip.name == clip_name(0, 0) == "person0000000#motion0000000"


def test_points_are_where_the_camera_sees_them(clip):
    for points, matrix, places in zip(clip.points_3d, clip.cameras, clip.points):
        clipped = np.c_[points, np.ones(len(points))] @ matrix.T.astype(np.float64)
        plane = clipped[:, :2] / clipped[:, 3:]
        expected = (plane * (0.5, -0.5) + 0.5) * 96
        np.testing.assert_allclose(places, expected, atol=1e-3)


def test_same_arguments_same_bits(clip):
    again = make_clip(1, 0, 0, OPTIONS)
    np.testing.assert_array_equal(again.frames, clip.frames)
    np.testing.assert_array_equal(again.labels, clip.labels)
    np.testing.assert_array_equal(again.points, clip.points)
    np.testing.assert_array_equal(again.visible, clip.visible)


def test_partner_shows_the_same_motion_by_somebody_else(clip, partner):
    for ours, theirs in zip(clip.states, partner.states):
        for field in dataclasses.fields(ours):
            np.testing.assert_array_equal(getattr(ours, field.name), getattr(theirs, field.name))
    np.testing.assert_array_equal(clip.cameras, partner.cameras)
    assert clip.name.split("#")[1] == partner.name.split("#")[1]
    assert np.abs(clip.points_3d - partner.points_3d).max() > 0.05
    assert np.abs(clip.frames.astype(int) - partner.frames).mean() > 5
    # The same look: eyes within a tenth of the picture of each other.
    eyes = [each.points[:, 36:48].mean(axis=1) for each in (clip, partner)]
    assert np.abs(eyes[0] - eyes[1]).max() < 10


def test_other_motion_same_person(clip):
    other = make_clip(1, 0, 1, OPTIONS)
    np.testing.assert_array_equal(other.person.shape.positions, clip.person.shape.positions)
    assert not np.array_equal(other.cameras, clip.cameras)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"size": 48}, "size is 48, but must be at least 64 and at most 512"),
        ({"frames": 0}, "frames is 0, but must be at least 1"),
        ({"fps": 0.0}, r"fps is 0\.0, but must be above 0"),
        ({"framing": "wide"}, "framing is 'wide', but must be one of any, face"),
        ({"background": "red"}, "background is 'red', but must be one of any, plain, busy"),
    ],
)
def test_wrong_options_are_named(option, message):
    with pytest.raises(ValueError, match=message):
        ClipOptions(**option)


def test_both_sides_of_a_face_are_seen_from_the_front(body, sight):
    pose, view, drawn = sight(0.0)
    visible = visible_points(pose.positions[landmark_vertices(body)], view, drawn.depth)
    # Brows may lie under a fringe.
    assert visible[27:68].mean() > 0.95


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_turned_head_hides_its_far_side(body, sight, side):
    pose, view, drawn = sight(side * 1.45)
    visible = visible_points(pose.positions[landmark_vertices(body)], view, drawn.depth)
    # Turned to the left, the person's right side is seen.
    near, far = (slice(36, 42), slice(42, 48)) if side > 0 else (slice(42, 48), slice(36, 42))
    assert visible[near].mean() > 0.8
    assert visible[far].mean() < 0.2
    ears = [POINT_NAMES.index("right_ear"), POINT_NAMES.index("left_ear")]
    assert not visible[ears[1] if side > 0 else ears[0]]


def test_points_outside_the_picture_are_not_visible(body, sight):
    pose, view, drawn = sight(0.0)
    away = pose.positions[landmark_vertices(body)] + np.float32([9.0, 0.0, 0.0])
    assert not visible_points(away, view, drawn.depth).any()


def test_labels_agree_with_the_projected_mesh(body, sight):
    pose, view, drawn = sight(0.4)
    places = view.project(pose.positions, SIDE)
    filled = np.zeros((SIDE, SIDE), np.uint8)
    for triangle in body.parts["skin"]:
        cv2.fillConvexPoly(filled, np.round(places[triangle] * 16 - 8).astype(np.int32), 1, shift=4)
    inner = cv2.erode(filled, np.ones((3, 3), np.uint8)) > 0
    assert inner.sum() > 2000
    # Wherever the body is somebody is seen, and the rest belongs to hair and clothes.
    assert (drawn.labels[inner] > 0).mean() > 0.995
    outside = cv2.dilate(filled, np.ones((5, 5), np.uint8)) == 0
    bare = np.isin(drawn.labels, [LABELS.index(name) for name in ("skin", "eyes", "mouth")])
    assert bare[outside].mean() < 0.005
    eye = view.project(np.stack(list(pose.eye_centers.values())), SIDE).astype(int)
    assert {LABELS[drawn.labels[y, x]] for x, y in eye} <= {"eyes", "skin", "worn", "hair"}


def test_depth_is_that_of_the_surface(body, sight):
    pose, view, drawn = sight(0.0)
    nose = pose.positions[body.nearest((0.0, 6.97, 1.68))]
    x, y = view.project(nose[None], SIDE)[0].astype(int)
    assert drawn.depth[y, x] == pytest.approx(view.depth(nose[None])[0], abs=0.08)
    assert (drawn.depth[drawn.labels == 0] > 60).mean() > 0.97


def test_mask_is_where_the_picture_changes_with_the_background(body, opengl):
    """The picture itself shows where the person is: only the background changes with its scene."""
    renderer = Renderer(body, SIDE)
    identity = Identity(body, 1, 0)
    renderer.set_person(identity)
    view = look(np.array([0.0, 7.0, 0.3]), np.eye(3), 20.0, np.deg2rad(14.0))
    pose = identity.poser.pose(state())
    pictures = []
    for level in (0, 255):
        scene = Scene(np.random.default_rng(0), "plain")
        scene.background = np.full_like(scene.background, level)
        renderer.set_scene(scene)
        drawn = renderer.render(pose, view, 0.0)
        pictures.append(drawn.image.astype(int))
    renderer.release()
    same = np.abs(pictures[1] - pictures[0]).max(axis=2) < 60
    person = drawn.labels > 0
    inner = cv2.erode(person.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    outer = cv2.dilate(person.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert same[inner].mean() > 0.99
    assert same[~outer].mean() < 0.01
