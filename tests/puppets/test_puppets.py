from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from maskanim_tf.media.panels import contact_sheet
from maskanim_tf.puppets import JOINT_NAMES, Cast, make_clip
from maskanim_tf.puppets.actions import ACTIONS, random_motion
from maskanim_tf.puppets.figure import random_figure
from maskanim_tf.puppets.posing import pose_skeleton

# Every action occurs among these clips of seed 0.
_INDICES = range(32)


@pytest.fixture(scope="module")
def clips():
    return [make_clip(0, index, size=64, frames=10, fps=10) for index in _INDICES]


def test_clip_has_documented_shapes_and_types(clips):
    for clip in clips:
        assert clip.frames.shape == (10, 64, 64, 3)
        assert clip.frames.dtype == np.uint8
        assert clip.masks.shape == (10, 64, 64)
        assert set(np.unique(clip.masks)) == {0, 255}
        assert clip.joints.shape == (10, len(JOINT_NAMES), 2)
        assert clip.joints.dtype == np.float32
        assert clip.visible.shape == (10, len(JOINT_NAMES))
        assert clip.visible.dtype == bool
        assert clip.background.shape == (64, 64, 3)
    assert {clip.action for clip in clips} == set(ACTIONS)


def test_same_arguments_give_same_bits():
    first, second = (make_clip(3, 7, size=48, frames=4) for _ in range(2))
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


def test_seed_and_index_give_other_clips():
    frames = [make_clip(seed, index, frames=1).frames for seed in (0, 1) for index in (0, 1)]
    for i in range(4):
        for j in range(i):
            assert np.mean(frames[i] != frames[j]) > 0.3


def test_other_size_shows_the_same_scene():
    for index in range(4):
        small = make_clip(0, index, size=64, frames=4)
        for size in (128, 256):
            large = make_clip(0, index, size=size, frames=4)
            np.testing.assert_allclose(large.joints, small.joints * (size / 64), atol=1e-3)
            shrunk = np.stack(
                [cv2.resize(f, (64, 64), interpolation=cv2.INTER_AREA) for f in large.frames]
            )
            assert np.abs(shrunk.astype(float) - small.frames).mean() < 3.0


def test_longer_clip_continues_shorter_one():
    short, long = (make_clip(0, 5, frames=frames) for frames in (3, 6))
    np.testing.assert_array_equal(long.frames[:3], short.frames)


def test_frame_rate_samples_the_same_motion():
    slow, fast = make_clip(0, 5, frames=3, fps=10), make_clip(0, 5, frames=5, fps=20)
    np.testing.assert_array_equal(fast.frames[::2], slow.frames)


def test_joints_stay_inside_the_frame_and_figure_fills_it(clips):
    for clip in clips:
        assert clip.joints.min() > 1.0
        assert clip.joints.max() < 63.0
        rows = np.flatnonzero(clip.masks.any(axis=(0, 2)))
        assert rows[-1] - rows[0] > 0.55 * 64
        # The mask of a whole clip touches the border only where a hat or a shoe does.
        assert clip.masks[:, :, [0, -1]].mean() < 10


def test_joints_stay_inside_the_frame_for_long():
    joints = np.stack([make_clip(2, i, size=32, frames=60, fps=6).joints for i in range(6)])
    assert joints.min() > 0.5
    assert joints.max() < 31.5


def test_motion_is_smooth_and_not_trivial():
    for index in range(20):
        joints = make_clip(0, index, size=32, frames=32, fps=25).joints / 32
        steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
        assert steps.max() < 0.09
        assert np.ptp(joints, axis=0).max() > 0.1
        # Speed changes little between frames, so nothing jumps.
        assert np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1).max() < 0.04


def test_mask_is_where_frame_and_background_differ(clips):
    for clip in clips:
        difference = np.abs(clip.frames.astype(int) - clip.background).max(axis=-1)
        outside = clip.masks == 0
        near = cv2.dilate(clip.masks.transpose(1, 2, 0), np.ones((3, 3))).transpose(2, 0, 1) > 0
        # Away from the figure only its shadow shows, which never brightens.
        brighter = (clip.frames.astype(int) - clip.background).max(axis=-1)
        assert np.mean(brighter[~near] > 0) < 0.001
        assert np.mean(difference[outside & ~near] > 40) < 0.02
        assert np.mean(difference[~outside] > 10) > 0.85


def test_visible_joints_show_their_color_and_hidden_ones_do_not(clips):
    # An independent look: the median colour at a joint over all clips is its marker's.
    colors = np.full((len(clips) * 10, len(JOINT_NAMES), 3), np.nan)
    hidden = []
    for row, (clip, frame) in enumerate((c, f) for c in clips for f in range(10)):
        x, y = np.floor(clip.joints[frame]).astype(int).T
        at_joint = clip.frames[frame][y, x].astype(float)
        assert (clip.masks[frame][y, x] == 255).mean() > 0.9
        colors[row, clip.visible[frame]] = at_joint[clip.visible[frame]]
        hidden += [(j, at_joint[j]) for j in np.flatnonzero(~clip.visible[frame])]
    typical = np.nanmedian(colors, axis=0)
    spread = np.nanmedian(np.linalg.norm(colors - typical, axis=-1), axis=0)
    assert spread.max() < 60
    distances = np.linalg.norm(typical[:, None] - typical[None], axis=-1)
    assert distances[~np.eye(len(typical), dtype=bool)].min() > 60
    assert hidden
    assert np.median([np.linalg.norm(color - typical[j]) for j, color in hidden]) > 60


def test_clips_of_one_person_share_the_figure_only():
    first, second, other = (
        make_clip(0, index, frames=1, clips_per_person=2) for index in (6, 7, 8)
    )
    assert (first.name, second.name, other.name) == (
        "person0003#00",
        "person0003#01",
        "person0004#00",
    )
    assert np.mean(first.background != second.background) > 0.5
    alone = make_clip(0, 3, frames=1)
    assert alone.name == "puppet00003"


def test_limbs_keep_their_lengths():
    rng = np.random.default_rng(0)
    for _ in range(20):
        body, motion = random_figure(rng).body, random_motion(rng)
        points = pose_skeleton(motion.channels(np.linspace(0, 3, 50)), body, motion.heading)
        for start, end, length in (
            ("left_hip", "left_knee", body.thigh),
            ("right_knee", "right_foot", body.shin),
            ("left_shoulder", "left_elbow", body.upper_arm),
            ("right_elbow", "right_hand", body.forearm),
            ("pelvis", "neck", body.torso),
        ):
            measured = np.linalg.norm(points[end] - points[start], axis=1)
            np.testing.assert_allclose(measured, length, rtol=1e-6)


def test_standing_feet_are_on_the_floor():
    rng = np.random.default_rng(1)
    for _ in range(20):
        body, motion = random_figure(rng).body, random_motion(rng)
        channels = motion.channels(np.linspace(0, 3, 50))
        if motion.action not in ("squat", "side_bend", "bow", "tai_chi", "clap", "wave"):
            continue
        points = pose_skeleton(channels, body, motion.heading)
        for foot in ("left_foot", "right_foot"):
            np.testing.assert_allclose(points[foot][:, 1], body.ankle, atol=0.01)


def test_contact_sheet_shows_every_clip(clips):
    sheet = contact_sheet([(clip.name, clip.frames) for clip in clips[:3]])
    assert sheet.shape[1] == 8 * 128
    assert sheet.shape[0] > 3 * 128


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", -1, "seed must be at least 0, got -1"),
        ("index", -1, "index must be at least 0, got -1"),
        ("size", 31, "size must be at least 32, got 31"),
        ("frames", 0, "frames must be at least 1, got 0"),
        ("fps", 0.0, "fps must be above 0, got 0"),
        ("clips_per_person", 0, "clips_per_person must be at least 1, got 0"),
    ],
)
def test_bad_value_is_named(name, value, message):
    arguments = {"seed": 0, "index": 0, name: value}
    with pytest.raises(ValueError, match=message):
        make_clip(**arguments)


def test_several_identities_make_one_motion():
    clips = [make_clip(0, i, frames=4, fps=4, identities_per_motion=2) for i in (2, 3, 4)]
    assert [clip.name for clip in clips] == [
        *("person0002#motion00001", "person0003#motion00001", "person0004#motion00002")
    ]
    first, second, other = clips
    assert first.action == second.action
    # Joints move alike before the same camera; limbs of other lengths keep them a little apart.
    apart = np.linalg.norm(first.joints - second.joints, axis=-1).mean() / 64
    assert apart < 0.05
    assert np.linalg.norm(first.joints - other.joints, axis=-1).mean() / 64 > 2 * apart
    assert np.abs(first.background.astype(int) - second.background).mean() > 5
    for clip in clips:
        # The camera leaves room for all of them.
        assert not clip.masks[:, [0, -1]].any()
        assert not clip.masks[:, :, [0, -1]].any()


def test_a_cast_gives_every_person_every_motion_of_a_block():
    cast = Cast(clips_per_person=3, identities_per_motion=2)
    numbers = [cast.numbers(index) for index in range(12)]
    assert numbers == [
        *((0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)),
        *((2, 3), (3, 3), (2, 4), (3, 4), (2, 5), (3, 5)),
    ]
    assert cast.persons(3) == [1, 0]
    assert cast.persons(6) == [2, 3]
    assert cast.name(9) == "person0003#motion00004"
