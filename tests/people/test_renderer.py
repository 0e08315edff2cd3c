"""Pictures, labels, depth and what is visible against the geometry that was drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskanim_tf.people.camera import look
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.labels import EYES, LABELS
from maskanim_tf.people.landmarks import POINT_NAMES, landmark_vertices, visible_points
from maskanim_tf.people.randomness import SCENE, stream
from maskanim_tf.people.renderer import Renderer
from maskanim_tf.people.scene import Scene
from tests.people.test_kinematics import state

SIDE = 128


@pytest.fixture(scope="module")
def person(body):
    return Identity(body, 1, 0)


@pytest.fixture(scope="module")
def renderer(body, opengl, person):
    result = Renderer(body, SIDE)
    result.set_person(person)
    yield result
    result.release()


@pytest.fixture(scope="module")
def scene():
    return Scene(np.random.default_rng(0), "plain")


@pytest.fixture(scope="module")
def view():
    return look(np.array([0.0, 7.0, 0.3]), np.eye(3), 20.0, np.deg2rad(14.0))


@pytest.fixture
def sight(renderer, person, scene, view):
    """Draws a person whose head turns by an angle: the pose, the view and what was drawn."""
    renderer.set_scene(scene)

    def draw(angle):
        pose = person.poser.pose(state(head=(0.75 * angle, 0, 0), torso=(0.25 * angle, 0, 0)))
        return pose, view, renderer.render(pose, view)

    return draw


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
    for x, y in eye:  # lids may cover the middle
        assert (drawn.labels[y - 3 : y + 4, x - 3 : x + 4] == EYES).any()


def test_depth_is_that_of_the_surface(body, sight):
    pose, view, drawn = sight(0.0)
    nose = pose.positions[body.nearest((0.0, 6.97, 1.68))]
    x, y = view.project(nose[None], SIDE)[0].astype(int)
    assert drawn.depth[y, x] == pytest.approx(view.depth(nose[None])[0], abs=0.08)
    assert (drawn.depth[drawn.labels == 0] > 60).mean() > 0.97


def test_mask_is_where_the_picture_changes_with_the_background(sight, scene):
    """The picture itself shows where the person is: only the background changes with its scene."""
    before, pictures = scene.background, []
    for level in (0, 255):
        scene.background = np.full_like(before, level)
        _, _, drawn = sight(0.0)
        pictures.append(drawn.image.astype(int))
    scene.background = before
    same = np.abs(pictures[1] - pictures[0]).max(axis=2) < 60
    person = (drawn.labels > 0).astype(np.uint8)
    inner = cv2.erode(person, np.ones((5, 5), np.uint8)) > 0
    outer = cv2.dilate(person, np.ones((5, 5), np.uint8)) > 0
    assert same[inner].mean() > 0.99
    assert same[~outer].mean() < 0.01


def test_same_bytes_after_another_person_and_in_another_renderer(body, person, sight, scene):
    pose, view, first = sight(0.3)
    other = Renderer(body, SIDE)
    other.set_person(Identity(body, 7, 2))
    other.set_scene(Scene(stream(7, SCENE, 5)))
    other.render(pose, view)
    other.set_person(person)
    other.set_scene(scene)
    again = other.render(pose, view)
    other.release()
    for field in ("image", "labels", "depth"):
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
