import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.models import training_pass
from maskanim_tf.ops.perturbation import perturb_train
from tests.animators import generated_frames, refined_mask, scrambled_animator
from tests.helpers import TINY_MODEL, assert_learners, random_frames, sample_seeds

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
    perturbed = perturb_train(driving_mask, SEEDS, PERTURBATION)
    expected = {
        keys.DRIVING_MASK: driving_mask,
        keys.REFINED_MASK: refined_mask(networks, SOURCE, source_mask, perturbed),
        **generated_frames(networks, SOURCE, source_mask, driving_mask),
    }
    for key, value in expected.items():
        np.testing.assert_allclose(result[key], value, atol=2e-3, err_msg=key)


@pytest.mark.parametrize(("output", "moved"), LEARNERS)
def test_gradients_stop_where_a_loss_must_not_reach(networks, output, moved):
    with tf.GradientTape(persistent=True) as tape:
        value = tf.reduce_sum(run(networks, training=True)[output])
    assert_learners(tape, value, networks, moved)


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


def test_chosen_samples_get_the_refined_mask(networks):
    result = run(networks, refined_share=1.0)
    refined, own = (
        generated_frames(networks, SOURCE, result[keys.SOURCE_MASK], result[key])
        for key in (keys.REFINED_MASK, keys.DRIVING_MASK)
    )
    for key, expected in refined.items():
        np.testing.assert_allclose(result[key], expected, atol=1e-5, err_msg=key)
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
    assert_learners(tape, value, networks, moved)
    # What the generators teach m comes through the source's mask alone.
    through = tape.gradient(value, result[keys.DRIVING_MASK])
    assert through is None or not np.any(through)
