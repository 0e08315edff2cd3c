"""Pictures, labels and depth against the geometry that was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.camera import look
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.labels import BACKGROUND, EYES, SKIN
from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.randomness import SCENE, stream
from maskanim_tf.people.renderer import Renderer
from maskanim_tf.people.scene import Scene

_SIZE = 96


@pytest.fixture(scope="module")
def person(body):
    return Identity(body, 7, 55)


@pytest.fixture(scope="module")
def renderer(body, opengl, person):
    result = Renderer(body, _SIZE)
    result.set_person(person)
    result.set_scene(Scene(stream(7, SCENE, 1), "plain"))
    yield result
    result.release()


@pytest.fixture(scope="module")
def view():
    return look(np.array([0.0, 7.2, 0.4]), np.eye(3), 10.0, 0.4)


def _rest(yaw: float = 0.0) -> MotionState:
    zero = np.zeros(3)
    return MotionState(
        np.zeros(52, np.float32), np.zeros(2), np.array([yaw, 0, 0]), zero, zero, np.zeros(2)
    )


def test_labels_and_depth_lie_where_the_geometry_is(body, person, renderer, view):
    pose = person.poser.pose(_rest())
    drawn = renderer.render(pose, view)
    assert drawn.image.shape == (_SIZE, _SIZE, 3)
    cheek = pose.positions[[body.nearest((sign * 0.45, 6.85, 1.3)) for sign in (-1, 1)]]
    (x, y), depth = view.project(cheek, _SIZE).astype(int).T, view.depth(cheek)
    assert (drawn.labels[y, x] == SKIN).all()
    np.testing.assert_allclose(drawn.depth[y, x], depth, atol=0.08)
    eyes = np.array(list(pose.eye_centers.values()))
    for x, y in view.project(eyes, _SIZE).astype(int):  # lids may cover the middle
        assert (drawn.labels[y - 3 : y + 4, x - 3 : x + 4] == EYES).any()
    assert (drawn.labels[:3] == BACKGROUND).all()
    assert (drawn.depth[:3] > 70).all()


def test_a_turned_head_hides_its_other_side(body, person, renderer, view):
    pose = person.poser.pose(_rest(yaw=1.3))
    drawn = renderer.render(pose, view)
    cheek = pose.positions[[body.nearest((sign * 0.5, 6.85, 1.2)) for sign in (-1, 1)]]
    x, y = view.project(cheek, _SIZE).astype(int).T
    behind = view.depth(cheek) - drawn.depth[y, x]
    assert behind[0] < 0.15
    assert behind[1] > 0.4


def test_same_bytes_after_another_person_and_in_another_renderer(
    body, person, renderer, view, opengl
):
    pose = person.poser.pose(_rest())
    first = renderer.render(pose, view, 0.4)
    other = Renderer(body, _SIZE)
    other.set_person(Identity(body, 7, 2))
    other.set_scene(Scene(stream(7, SCENE, 5)))
    other.render(pose, view)
    other.set_person(person)
    other.set_scene(Scene(stream(7, SCENE, 1), "plain"))
    again = other.render(pose, view, 0.4)
    other.release()
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.depth, again.depth)


def test_mask_and_picture_agree(person, renderer, view):
    """With nothing behind but a flat wall, the picture is the wall just where no label is."""
    scene = Scene(stream(7, SCENE, 1), "plain")
    scene.background = np.zeros_like(scene.background)
    pose = person.poser.pose(_rest())
    black = renderer
    black.set_scene(scene)
    plain = black.render(pose, view)
    scene.background = np.full_like(scene.background, 255)
    white = black.render(pose, view)
    black.set_scene(Scene(stream(7, SCENE, 1), "plain"))
    changed = np.abs(white.image.astype(int) - plain.image).max(axis=2) > 60
    agree = changed == (plain.labels == BACKGROUND)
    assert agree.mean() > 0.97
