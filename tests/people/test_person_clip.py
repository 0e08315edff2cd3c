from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from maskanim_tf.people.labels import LABELS
from maskanim_tf.people.landmarks import POINT_NAMES
from maskanim_tf.people.person_clip import ClipOptions, clip_name, make_clip

OPTIONS = ClipOptions(size=96, frames=3, fps=5.0)


@pytest.fixture(scope="module")
def clip(opengl):
    return make_clip(1, 0, 0, OPTIONS)


@pytest.fixture(scope="module")
def partner(opengl):
    return make_clip(1, 1, 0, OPTIONS)


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
    for field in ("frames", "labels", "points", "visible"):
        np.testing.assert_array_equal(getattr(again, field), getattr(clip, field))


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
