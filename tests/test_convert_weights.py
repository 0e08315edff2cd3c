import os

import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import Config, default_config
from maskanim_tf.convert_weights import ConvertOptions, main
from maskanim_tf.models import build_networks, load_animator
from maskanim_tf.models.networks import named_variables
from maskanim_tf.models.release_weights import release_pattern
from maskanim_tf.models.weights import read_arrays, weight_arrays, write_arrays
from tests.animators import config_array
from tests.helpers import RELEASE_MODEL, TEST_DATA, TINY_CONFIG, random_frames, split_small


def test_half_the_size_and_nearly_the_same_frames(tmp_path, capsys):
    full, small = tmp_path / "step-00000001.npz", tmp_path / "new" / "small.npz"
    arrays = weight_arrays(build_networks(TINY_CONFIG.model))
    # A checkpoint also holds what the optimizers remember.
    ballast = {f"optimizers/fine/{key}": value for key, value in arrays.items()}
    write_arrays(full, {**arrays, **ballast, **config_array(TINY_CONFIG)})
    main(ConvertOptions(checkpoint=str(full), output=str(small)), Config())
    assert "small.npz: " in capsys.readouterr().out
    assert os.path.getsize(small) < 0.6 * os.path.getsize(full)
    assert not any(key.startswith("optimizers") for key in np.load(small).files)
    (before, _), (after, config) = load_animator(full), load_animator(small)
    assert config == TINY_CONFIG
    one, other = (each.encode_driving(random_frames(1)) for each in (before, after))
    np.testing.assert_allclose(one, other, atol=2e-3)


def release_arrays(network):
    """Random parameters under the names of the authors' code, in PyTorch's layouts."""
    rng = np.random.default_rng(0)
    plain = {"(?:hourglass|predictor)": "hourglass", "(?:ref|final)": "final", "r?": "r", "\\": ""}
    arrays = {}
    for path, variable in named_variables(network).items():
        name = release_pattern(path)
        for pattern, text in plain.items():
            name = name.replace(pattern, text)
        value = rng.uniform(0.1, 0.2, tuple(variable.shape)).astype(np.float32)
        arrays[name] = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
    return arrays


def test_the_authors_weights_are_converted(tmp_path):
    config = default_config("release").replace(model=RELEASE_MODEL)
    for network in build_networks(RELEASE_MODEL):
        write_arrays(tmp_path / f"{network.name}.npz", release_arrays(network))
    golden = read_arrays(TEST_DATA / "release_mask_refiner.npz")
    write_arrays(tmp_path / "mask_refiner.npz", golden)
    small = tmp_path / "small.npz"
    main(ConvertOptions(release=str(tmp_path), output=str(small)), config)
    animator, stored = load_animator(small)
    assert stored == config
    stacked, expected = (
        golden[key].transpose(0, 2, 3, 1)
        for key in ("input/source_small_mask_source_mask_driving", "output/mask")
    )
    inputs = split_small(stacked, keys.PERTURBED_MASK)
    found = animator.networks.mask_refiner(inputs)[keys.REFINED_MASK]
    np.testing.assert_allclose(found, expected, atol=5e-3)
    kernel = read_arrays(tmp_path / "high_res_generator.npz")["final.weight"]
    ours = np.asarray(animator.networks.high_res_generator.final.kernel)
    np.testing.assert_allclose(ours, kernel.transpose(2, 3, 1, 0), atol=1e-3)


def test_what_is_missing_is_named(tmp_path):
    for options in ({"checkpoint": "a.npz"}, {"output": "b.npz"}):
        with pytest.raises(ValueError, match="needs --checkpoint=FILE or --release=DIR"):
            main(ConvertOptions(**options), Config())
    options = ConvertOptions(release=str(tmp_path), output=str(tmp_path / "b.npz"))
    with pytest.raises(ValueError, match="add --variant=release"):
        main(options, Config())
    with pytest.raises(FileNotFoundError, match=r"mask_generator\.npz"):
        main(options, default_config("release").replace(model=RELEASE_MODEL))
