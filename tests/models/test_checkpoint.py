import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.models import Animator, build_networks, load_animator
from maskanim_tf.models.weights import weight_arrays, write_arrays
from tests.animators import config_array
from tests.helpers import TINY_CONFIG, TINY_MODEL, random_frames


def test_a_weight_file_brings_its_configuration(tmp_path):
    config = TINY_CONFIG.replace(seed=7)
    networks = build_networks(config.model)
    path = tmp_path / "weights.npz"
    write_arrays(path, {**weight_arrays(networks), **config_array(config)})
    animator, loaded = load_animator(path)
    assert loaded == config
    inputs = {keys.SOURCE: random_frames(1), keys.DRIVING: random_frames(1, seed=1)}
    expected = Animator(config.model, config.perturbation, networks)(inputs)
    np.testing.assert_array_equal(animator(inputs)[keys.FRAME], expected[keys.FRAME])


def test_weights_without_configuration_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    write_arrays(path, weight_arrays(build_networks(TINY_MODEL)))
    with pytest.raises(ValueError, match=r"weights\.npz holds no configuration"):
        load_animator(path)
