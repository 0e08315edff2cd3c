from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from maskanim_tf.puppets import JOINT_NAMES, detect_joints, figure, make_clip, puppet_clip


def _jpeg(frame):
    data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]


def _blurred(frame):
    return cv2.GaussianBlur(frame, (0, 0), 1.0)


def _noisy(frame):
    noise = np.random.default_rng(0).normal(0.0, 6.0, frame.shape)
    return np.clip(_blurred(frame) + noise, 0, 255).astype(np.uint8)


def _tinted(frame):
    return np.clip(frame * np.array([0.95, 0.9, 0.83]), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def clips():
    return {
        size: [make_clip(1, index, size=size, frames=6, fps=5) for index in range(count)]
        for size, count in ((64, 12), (256, 5))
    }


@pytest.mark.parametrize("damage", [np.array, _jpeg, _blurred, _noisy, _tinted])
@pytest.mark.parametrize(("size", "bound"), [(64, 1.0), (256, 2.0)])
def test_visible_joints_are_found_where_they_are(clips, size, bound, damage):
    errors, visible, stray = [], 0, 0
    for clip in clips[size]:
        for frame, joints, seen in zip(clip.frames, clip.joints, clip.visible):
            positions, found = detect_joints(damage(frame))
            errors.append(np.linalg.norm(positions - joints, axis=1)[seen & found])
            visible += seen.sum()
        stray += detect_joints(damage(clip.background))[1].sum()
    errors = np.concatenate(errors)
    assert errors.mean() < 0.5 * bound
    assert len(errors) > 0.97 * visible
    assert np.mean(errors > 0.05 * size) < 0.005
    assert stray == 0


@pytest.mark.parametrize("joint", range(len(JOINT_NAMES)))
def test_joint_without_a_marker_is_not_found(monkeypatch, joint):
    # The same clips, painted with every marker but one.
    def incomplete(rng):
        whole = figure.random_figure(rng)
        parts = tuple(part for part in whole.parts if part.joint != joint)
        return dataclasses.replace(whole, parts=parts)

    monkeypatch.setattr(puppet_clip, "random_figure", incomplete)
    frames = np.concatenate([make_clip(1, i, frames=3, fps=4).frames for i in range(8)])
    for damage in (np.array, _blurred):
        found = np.stack([detect_joints(damage(frame))[1] for frame in frames])
        assert found[:, joint].sum() <= 1
        assert found.sum(axis=1).mean() > 9


@pytest.mark.parametrize("value", [0, 127, 255])
def test_nothing_is_found_in_a_blank_frame(value):
    positions, found = detect_joints(np.full((64, 64, 3), value, np.uint8))
    assert not found.any()
    np.testing.assert_array_equal(positions, np.zeros((len(JOINT_NAMES), 2), np.float32))


def test_nothing_is_found_in_noise():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert detect_joints(_blurred(_blurred(noise)))[1].sum() <= 1


def test_floating_point_frames_give_the_same_joints(clips):
    frame = clips[64][0].frames[0]
    expected, found = detect_joints(frame)
    positions, found_too = detect_joints(frame.astype(np.float32) / 255.0)
    np.testing.assert_array_equal(found_too, found)
    np.testing.assert_allclose(positions, expected, atol=1e-4)


def test_shifted_picture_shifts_the_joints(clips):
    frame = clips[64][0].frames[0]
    positions, found = detect_joints(frame)
    shifted, _ = detect_joints(np.roll(frame, 2, axis=1))
    np.testing.assert_allclose(
        shifted[found] - positions[found], [[2.0, 0.0]] * found.sum(), atol=0.05
    )


@pytest.mark.parametrize("shape", [(64, 64), (64, 32, 3), (64, 64, 4), (1, 64, 64, 3)])
def test_bad_shape_is_named(shape):
    with pytest.raises(ValueError, match="frame must have shape"):
        detect_joints(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("value", [-0.1, 1.1, 255.0, np.nan])
def test_bad_range_is_named(value):
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        detect_joints(np.full((64, 64, 3), value))
