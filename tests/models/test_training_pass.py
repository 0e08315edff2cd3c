import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.models import build_networks, training_pass
from maskanim_tf.ops.perturbation import perturb_train
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.seeds import sample_seeds
from tests.helpers import TINY_MODEL, random_frames

PERTURBATION = PerturbationConfig()
SOURCE, DRIVING = tf.constant(random_frames(2)), tf.constant(random_frames(2, seed=1))
SEEDS = sample_seeds((4, 5), 2)


@pytest.fixture(scope="module")
def networks():
    return build_networks(TINY_MODEL)


def run(networks, training=False):
    return training_pass(networks, TINY_MODEL, PERTURBATION, SOURCE, DRIVING, SEEDS, training)


def test_generators_get_the_driver_s_own_mask(networks):
    result = run(networks)
    driving_mask = networks.mask_generator(DRIVING)[names.MASK]
    source_mask = networks.mask_generator(SOURCE)[names.MASK]
    small = resize_bilinear(SOURCE, 16)
    perturbed = perturb_train(driving_mask, SEEDS, PERTURBATION)
    coarse = networks.low_res_generator(
        {
            names.SOURCE_SMALL: small,
            names.SOURCE_MASK: source_mask,
            names.DRIVING_MASK: driving_mask,
        }
    )[names.COARSE]
    refined = networks.mask_refiner(
        {
            names.SOURCE_SMALL: small,
            names.SOURCE_MASK: source_mask,
            names.PERTURBED_MASK: perturbed,
        }
    )[names.REFINED_MASK]
    for key, expected in (
        (names.DRIVING_MASK, driving_mask),
        (names.COARSE, coarse),
        (names.REFINED_MASK, refined),
    ):
        np.testing.assert_allclose(result[key], expected, atol=2e-3, err_msg=key)


@pytest.mark.parametrize(
    ("output", "moved"),
    [
        (names.COARSE, {"mask_generator", "low_res_generator"}),
        (names.FRAME, {"high_res_generator"}),
        (names.REFINED_MASK, {"mask_refiner"}),
    ],
)
def test_gradients_stop_where_a_loss_must_not_reach(networks, output, moved):
    with tf.GradientTape(persistent=True) as tape:
        value = tf.reduce_sum(run(networks, training=True)[output])
    for network in networks:
        gradients = tape.gradient(value, network.trainable_variables)
        reached = [g is not None and float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients]
        if network.name in moved:
            assert np.mean(reached) > 0.6, network.name
        else:
            assert not any(reached), network.name


def test_training_updates_batch_statistics(networks):
    before = [v.numpy().copy() for v in networks.mask_generator.non_trainable_variables]
    run(networks, training=False)
    for old, new in zip(before, networks.mask_generator.non_trainable_variables):
        np.testing.assert_array_equal(old, new.numpy())
    run(networks, training=True)
    changed = [
        np.abs(old - new.numpy()).max() > 0
        for old, new in zip(before, networks.mask_generator.non_trainable_variables)
    ]
    assert all(changed)
