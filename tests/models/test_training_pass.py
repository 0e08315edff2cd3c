import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.models import training_pass
from maskanim_tf.ops.perturbation import perturb_train
from maskanim_tf.ops.resizing import resize_bilinear
from tests.animators import scrambled_animator
from tests.helpers import TINY_MODEL, random_frames, sample_seeds

PERTURBATION = PerturbationConfig()
SOURCE, DRIVING = tf.constant(random_frames(2)), tf.constant(random_frames(2, seed=1))
SEEDS = sample_seeds((4, 5), 2)
# Whom a loss of an output teaches.
LEARNERS = (
    (keys.COARSE, {"mask_generator", "low_res_generator"}),
    (keys.FRAME, {"high_res_generator"}),
    (keys.REFINED_MASK, {"mask_refiner"}),
)


@pytest.fixture(scope="module")
def networks():
    # Of a fixed seed: some random networks are dead.
    return scrambled_animator().networks


def run(networks, training=False, **options):
    return training_pass(
        networks, TINY_MODEL, PERTURBATION, SOURCE, DRIVING, SEEDS, training, **options
    )


def test_generators_get_the_driver_s_own_mask(networks):
    result = run(networks)
    driving_mask = networks.mask_generator(DRIVING)[keys.MASK]
    source_mask = networks.mask_generator(SOURCE)[keys.MASK]
    small = resize_bilinear(SOURCE, 16)
    perturbed = perturb_train(driving_mask, SEEDS, PERTURBATION)
    coarse = networks.low_res_generator(
        {
            keys.SOURCE_SMALL: small,
            keys.SOURCE_MASK: source_mask,
            keys.DRIVING_MASK: driving_mask,
        }
    )[keys.COARSE]
    refined = networks.mask_refiner(
        {
            keys.SOURCE_SMALL: small,
            keys.SOURCE_MASK: source_mask,
            keys.PERTURBED_MASK: perturbed,
        }
    )[keys.REFINED_MASK]
    for key, expected in (
        (keys.DRIVING_MASK, driving_mask),
        (keys.COARSE, coarse),
        (keys.REFINED_MASK, refined),
    ):
        np.testing.assert_allclose(result[key], expected, atol=2e-3, err_msg=key)


@pytest.mark.parametrize(("output", "moved"), LEARNERS)
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


def test_another_driver_is_what_m_sees_and_the_target_what_r_restores(networks):
    target = tf.constant(random_frames(2, seed=2))
    plain, across = run(networks), run(networks, augmented_target=target)
    # Only the aim of r changes: nobody is fed anything of the target.
    for key in keys.INTERMEDIATES:
        np.testing.assert_allclose(across[key], plain[key], atol=1e-6, err_msg=key)
    expected = networks.mask_generator(target)[keys.MASK]
    np.testing.assert_allclose(across[keys.TARGET_MASK], expected, atol=1e-5)
    np.testing.assert_array_equal(plain[keys.TARGET_MASK], plain[keys.DRIVING_MASK])
    assert np.abs(expected - plain[keys.DRIVING_MASK]).max() > 1e-4


def generated_from(networks, result, mask):
    coarse = networks.low_res_generator(
        {
            keys.SOURCE_SMALL: result[keys.SOURCE_SMALL],
            keys.SOURCE_MASK: result[keys.SOURCE_MASK],
            keys.DRIVING_MASK: mask,
        }
    )[keys.COARSE]
    frame = networks.high_res_generator(
        {
            keys.SOURCE: SOURCE,
            keys.SOURCE_MASK: resize_bilinear(result[keys.SOURCE_MASK], 32),
            keys.COARSE: coarse,
            keys.DRIVING_MASK: resize_bilinear(mask, 32),
        }
    )[keys.FRAME]
    return {keys.COARSE: coarse, keys.FRAME: frame}


def test_chosen_samples_get_the_refined_mask(networks):
    result = run(networks, refined_share=1.0)
    for key, expected in generated_from(networks, result, result[keys.REFINED_MASK]).items():
        np.testing.assert_allclose(result[key], expected, atol=1e-5, err_msg=key)
    own = generated_from(networks, result, result[keys.DRIVING_MASK])
    assert np.abs(result[keys.COARSE] - own[keys.COARSE]).max() > 1e-5


def test_the_refiner_may_see_what_frames_become_of_its_masks(networks):
    with tf.GradientTape(persistent=True) as tape:
        result = run(networks, training=True, refined_share=1.0, refiner_sees_frames=True)
        coarse, frame = (tf.reduce_sum(result[key]) for key in (keys.COARSE, keys.FRAME))
    assert tape.gradient(coarse, networks.mask_refiner.trainable_variables[0]) is not None
    assert tape.gradient(frame, networks.mask_refiner.trainable_variables[0]) is None


@pytest.mark.parametrize(("output", "moved"), LEARNERS)
def test_a_refined_mask_lets_no_gradient_through(networks, output, moved):
    target = tf.constant(random_frames(2, seed=2))
    with tf.GradientTape(persistent=True) as tape:
        result = run(networks, training=True, refined_share=1.0, augmented_target=target)
        value = tf.reduce_sum(result[output])
    for network in networks:
        gradients = tape.gradient(value, network.trainable_variables)
        reached = [g is not None and float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients]
        assert any(reached) == (network.name in moved), network.name
    # What the generators teach m comes through the source's mask alone.
    through = tape.gradient(value, result[keys.DRIVING_MASK])
    assert through is None or not np.any(through)
