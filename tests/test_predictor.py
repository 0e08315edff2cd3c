import re

import cv2
import numpy as np
import pytest

import maskanim_tf
from tests.animation.material import decoded
from tests.helpers import REPOSITORY
from tests.media.clip_files import write_video


@pytest.fixture(scope="module")
def animator():
    return maskanim_tf.load_animator("puppets64")


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return [cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (80, 60)) for _ in range(5)]


def test_frames_of_any_kind_are_animated_alike(animator, pictures):
    animator.set_source(pictures[0])
    made = animator.animate(pictures[1:])
    assert (made.shape, made.dtype) == ((4, 64, 64, 3), np.uint8)
    one = animator.animate(pictures[2])
    assert np.abs(one.astype(int) - made[1]).max() <= 1
    floats = animator.animate(np.stack(pictures[1:]) / 255)
    assert floats.dtype == np.float32
    assert np.abs(floats * 255 - made).max() <= 1
    animator.set_source(pictures[4])
    assert np.abs(animator.animate(pictures[2]).astype(int) - one).mean() > 1


def test_wrong_frames_are_named(animator, pictures):
    with pytest.raises(ValueError, match=r"\(60, 80\), but must be \[height, width, 3\]"):
        animator.set_source(pictures[0][..., 0])
    with pytest.raises(ValueError, match="of int64, but must be uint8 or floating"):
        animator.animate(pictures[0].astype(int))
    fresh = maskanim_tf.Animator(animator.generator, animator.config)
    with pytest.raises(ValueError, match="choose one with set_source"):
        fresh.animate(pictures[0])


def test_the_lines_of_the_readme_run_as_they_stand(tmp_path, monkeypatch, pictures):
    (program,) = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("me.png", pictures[0])
    write_video(tmp_path / "dance.mp4", np.stack(pictures))
    names = {"driving_frame": pictures[1]}
    exec(program, names)
    size = names["animator"].image_size
    assert names["frame"].shape == (size, size, 3)
    frames, _ = decoded(tmp_path / "out" / "me.mp4")
    assert frames.shape == (5, size, 3 * size, 3)
