import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.models import Animator, build_networks, load_weights
from maskanim_tf.models.weights import weight_arrays, write_arrays
from tests.helpers import (
    TEST_DATA,
    TINY_MODEL,
    TINY_RELEASE_MODEL,
    assert_same_weights,
    copy_weights,
    random_frames,
)


def test_saved_weights_are_loaded(tmp_path):
    path = tmp_path / "weights.npz"
    original, other = build_networks(TINY_MODEL), build_networks(TINY_MODEL)
    write_arrays(path, weight_arrays(original))
    assert list(tmp_path.iterdir()) == [path]
    load_weights(other, path)
    assert_same_weights(original, other)


def test_bad_files_change_nothing(tmp_path):
    networks, before = build_networks(TINY_MODEL), build_networks(TINY_MODEL)
    copy_weights(networks, before)
    path = tmp_path / "weights.npz"
    with pytest.raises(FileNotFoundError, match=r"no weight file .*weights\.npz"):
        load_weights(networks, path)
    write_arrays(path, weight_arrays(networks))
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (b"no archive", whole[: len(whole) // 2], damaged):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"not a readable \.npz weight file"):
            load_weights(networks, path)
    for other, message in (
        ({"width": 2.0}, r"mask_generator/.* of shape .* but the network needs"),
        ({"mask_scale": 1.0}, "lacks low_res_generator/up_0/conv/bias"),
    ):
        write_arrays(path, weight_arrays(build_networks(TINY_MODEL.replace(**other))))
        with pytest.raises(ValueError, match=message):
            load_weights(networks, path)
    assert_same_weights(networks, before)


def test_weights_written_by_keras_2_give_the_same_frame():
    """The file and the frame were made with TensorFlow 2.15; each dependency set reads it alike."""
    model = TINY_RELEASE_MODEL.replace(width=0.5)
    networks = build_networks(model)
    load_weights(networks, TEST_DATA / "tiny_weights.npz")
    animator = Animator(model, PerturbationConfig(), networks)
    inputs = {keys.SOURCE: random_frames(1), keys.DRIVING: random_frames(1, seed=1)}
    expected = np.load(TEST_DATA / "tiny_frame.npy")
    np.testing.assert_allclose(animator(inputs)[keys.FRAME], expected, atol=1e-4)
    assert expected.std() > 0.03
