import keras
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import HourglassConfig, LowResConfig, ModelConfig, default_config
from maskanim_tf.models import (
    Animator,
    HighResGenerator,
    LowResGenerator,
    MaskGenerator,
    MaskRefiner,
    build_networks,
    named_variables,
)
from tests.helpers import TINY_HOURGLASS, TINY_MODEL, TINY_RELEASE_MODEL, random_frames


def trainable_parameters(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


@pytest.mark.parametrize("variant", ["paper", "release"])
def test_trainable_parameters_at_full_width(variant):
    networks = build_networks(default_config(variant).model)
    assert [trainable_parameters(network) for network in networks] == [
        12_564_417,
        31_358_081,
        7_529_219,
        37_635_867,
    ]


def inputs_of(network, model):
    """Random inputs of a network under its names, as a dict or a single tensor."""
    large = model.image_size
    if isinstance(network, MaskGenerator):
        return random_frames(2, large)
    side = large if isinstance(network, HighResGenerator) else model.mask_size
    driving = keys.PERTURBED_MASK if isinstance(network, MaskRefiner) else keys.DRIVING_MASK
    return {
        keys.SOURCE: random_frames(2, large),
        keys.SOURCE_SMALL: random_frames(2, model.mask_size),
        keys.SOURCE_MASK: random_frames(2, side, 1),
        keys.COARSE: random_frames(2, large, seed=1),
        driving: random_frames(2, side, 1, seed=1),
    }


def output_shapes(model):
    mask, frame = (2, *[model.mask_size] * 2, 1), (2, *[model.image_size] * 2, 3)
    fetched = {keys.FETCHED: frame} if model.correspondence else {}
    return [
        {keys.MASK: mask},
        {keys.REFINED_MASK: mask},
        {keys.COARSE: frame, **fetched},
        {keys.FRAME: frame},
    ]


@pytest.mark.parametrize(
    "model",
    [
        TINY_MODEL,
        TINY_RELEASE_MODEL,
        TINY_MODEL.replace(mask_scale=1.0),
        TINY_MODEL.replace(image_size=64, mask_scale=0.25),
        TINY_MODEL.replace(image_size=128, mask_scale=0.25, width=0.5),
        TINY_MODEL.replace(correspondence=4),
    ],
    ids=["half", "release", "whole", "quarter", "128", "correspondence"],
)
def test_shapes_and_ranges(model):
    networks = build_networks(model)
    for network, shapes in zip(networks, output_shapes(model)):
        outputs = network(inputs_of(network, model))
        assert {key: tuple(value.shape) for key, value in outputs.items()} == shapes
        for value in outputs.values():
            assert value.dtype == np.float32
            assert 0 <= float(np.min(value)) <= float(np.max(value)) <= 1


def test_mask_border_is_zero():
    network = build_networks(TINY_RELEASE_MODEL).mask_generator
    mask = np.asarray(network(random_frames(1))[keys.MASK])
    inside = mask[:, 3:-3, 3:-3]
    assert mask.sum() == pytest.approx(inside.sum())
    assert inside.min() > 0


def test_temperature_divides_the_logits():
    cold = build_networks(TINY_MODEL.replace(temperature=0.1)).mask_generator
    warm = build_networks(TINY_MODEL).mask_generator
    warm.set_weights(cold.get_weights())
    frames = random_frames(1)

    def logits(network):
        mask = np.asarray(network(frames)[keys.MASK], np.float64)
        return np.log(mask / (1 - mask))

    np.testing.assert_allclose(logits(cold), 10 * logits(warm), rtol=1e-2, atol=1e-3)


def test_encoder_order_matters():
    paper, release = (
        build_networks(TINY_MODEL.replace(encoder_order=order)).mask_refiner
        for order in ("relu_norm", "norm_relu")
    )
    norm = paper.hourglass.down_blocks[0].norm
    norm.beta.assign(norm.beta - 10.0)
    release.set_weights(paper.get_weights())
    inputs = random_frames(1, 16, 5)
    # With a large negative offset the relu after the norm leaves nothing, the relu before it does.
    assert float(np.max(release.hourglass.down_blocks[0](inputs))) == 0
    assert float(np.max(paper.hourglass.down_blocks[0](inputs))) < -5


@pytest.mark.parametrize("kind", [MaskGenerator, MaskRefiner, LowResGenerator, HighResGenerator])
def test_networks_are_rebuilt_from_their_keras_configuration(kind):
    original = kind(TINY_RELEASE_MODEL)
    inputs = inputs_of(original, TINY_RELEASE_MODEL)
    original(inputs)
    copy = kind.from_config(original.get_config())
    copy(inputs)
    assert copy.get_config() == original.get_config()
    copy.set_weights(original.get_weights())
    for key, value in original(inputs).items():
        np.testing.assert_array_equal(value, copy(inputs)[key])


def test_variable_paths_are_stable():
    networks = build_networks(TINY_MODEL)
    for network in networks:
        paths = named_variables(network)
        assert len(paths) == len(network.weights)
        assert "final/kernel" in paths
    assert "hourglass/down_0/norm/moving_mean" in named_variables(networks.mask_generator)
    assert "residual_0/conv2/bias" in named_variables(networks.low_res_generator)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_gives_float32_frames_near_the_exact_ones(policy):
    exact = build_networks(TINY_MODEL)
    mixed = build_networks(TINY_MODEL, policy)
    assert keras.mixed_precision.global_policy().name == "float32"
    for network, reference in zip(mixed, exact):
        network.set_weights(reference.get_weights())
        assert network.compute_dtype == policy[len("mixed_") :]
        assert network.final.compute_dtype == "float32"
        inputs = inputs_of(network, TINY_MODEL)
        for key, value in network(inputs).items():
            assert value.dtype == np.float32
            np.testing.assert_allclose(value, reference(inputs)[key], atol=0.02)


def test_full_width_limits_channels():
    model = ModelConfig(
        image_size=64,
        mask_generator=HourglassConfig(8, 12, 2),
        mask_refiner=TINY_HOURGLASS,
        low_res_generator=LowResConfig(8, 0),
        high_res_generator=TINY_HOURGLASS,
    )
    hourglass = build_networks(model).mask_generator.hourglass
    assert [block.filters for block in hourglass.down_blocks] == [12, 12]
    assert [block.filters for block in hourglass.up_blocks] == [12, 8]


def test_animator_shares_the_given_networks():
    networks = build_networks(TINY_MODEL)
    animator = Animator(TINY_MODEL, default_config().perturbation, networks)
    assert animator.networks.mask_generator is networks.mask_generator
    # Each one once, though Keras 2 wraps the tuple.
    expected = [id(weight) for network in networks for weight in network.weights]
    assert sorted(map(id, animator.weights)) == sorted(expected)
