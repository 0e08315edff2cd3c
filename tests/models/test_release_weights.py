"""The release variant against the outputs of the authors' networks (reduced width)."""

import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.models import build_networks
from maskanim_tf.models.release_weights import assign_release_weights
from maskanim_tf.models.weights import read_arrays
from tests.helpers import RELEASE_MODEL, TEST_DATA, shared_folder, split_small

TOLERANCE = 1e-4


def load(path, network):
    """Sets the network's weights and returns input and outputs in NHWC."""
    arrays = read_arrays(path)
    weights = {key: value for key, value in arrays.items() if key.startswith("weight/")}
    # The blur of the down-scaling is a constant of ours, not a weight.
    weights.pop("weight/down.weight", None)
    assign_release_weights(network, weights)
    return {
        key: value.transpose(0, 2, 3, 1)
        for key, value in arrays.items()
        if key.startswith(("input/", "output/"))
    }


@pytest.fixture(scope="module")
def networks():
    return build_networks(RELEASE_MODEL)


def test_mask_refiner(networks):
    golden = load(TEST_DATA / "release_mask_refiner.npz", networks.mask_refiner)
    inputs = split_small(golden["input/source_small_mask_source_mask_driving"], keys.PERTURBED_MASK)
    mask = networks.mask_refiner(inputs)[keys.REFINED_MASK]
    np.testing.assert_allclose(mask, golden["output/mask"], atol=TOLERANCE, rtol=0)


def test_mask_generator(networks):
    golden = load(shared_folder("golden") / "mask_generator.npz", networks.mask_generator)
    mask = np.asarray(networks.mask_generator(golden["input/frame"])[keys.MASK])
    np.testing.assert_allclose(mask, golden["output/mask"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(
        mask[:, 3:-3, 3:-3], golden["output/mask_58"], atol=TOLERANCE, rtol=0
    )


def test_low_res_generator(networks):
    golden = load(shared_folder("golden") / "lowres_generator.npz", networks.low_res_generator)
    inputs = split_small(golden["input/source_small_mask_source_mask_driving"], keys.DRIVING_MASK)
    frame = networks.low_res_generator(inputs)[keys.COARSE]
    np.testing.assert_allclose(frame, golden["output/frame"], atol=TOLERANCE, rtol=0)


def test_high_res_generator(networks):
    golden = load(shared_folder("golden") / "highres_generator.npz", networks.high_res_generator)
    stacked = golden["input/source_mask_source_coarse_mask_driving"]
    inputs = {
        keys.SOURCE: stacked[..., :3],
        keys.SOURCE_MASK: stacked[..., 3:4],
        keys.COARSE: stacked[..., 4:7],
        keys.DRIVING_MASK: stacked[..., 7:8],
    }
    frame = networks.high_res_generator(inputs)[keys.FRAME]
    np.testing.assert_allclose(frame, golden["output/frame"], atol=TOLERANCE, rtol=0)


def test_weights_of_another_network_change_nothing(networks):
    arrays = read_arrays(TEST_DATA / "release_mask_refiner.npz")
    before = networks.mask_generator.get_weights()
    with pytest.raises(ValueError, match="build the network with the widths of the weights"):
        assign_release_weights(networks.mask_generator, arrays)
    with pytest.raises(ValueError, match="0 parameters match"):
        assign_release_weights(networks.low_res_generator, arrays)
    for old, new in zip(before, networks.mask_generator.get_weights()):
        np.testing.assert_array_equal(old, new)
