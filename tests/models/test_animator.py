import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.models import ABLATIONS, Animator, build_networks
from maskanim_tf.ops.perturbation import perturb_test
from tests.animators import generated_frames, refined_mask
from tests.helpers import TINY_MODEL, TINY_RELEASE_MODEL, random_frames

PERTURBATION = PerturbationConfig()
SOURCE, DRIVING = random_frames(2), random_frames(2, seed=1)


@pytest.fixture(scope="module")
def animator():
    return Animator(TINY_MODEL, PERTURBATION)


def test_pipeline_is_the_paper_s_equations(animator):
    result = animator({keys.SOURCE: SOURCE, keys.DRIVING: DRIVING})
    assert set(keys.INTERMEDIATES) <= set(result)
    m = animator.networks.mask_generator
    source_mask = m(SOURCE)[keys.MASK]
    perturbed = perturb_test(m(DRIVING)[keys.MASK], PERTURBATION)
    refined = refined_mask(animator.networks, SOURCE, source_mask, perturbed)
    expected = {
        keys.SOURCE_MASK: source_mask,
        keys.PERTURBED_MASK: perturbed,
        keys.REFINED_MASK: refined,
        **generated_frames(animator.networks, SOURCE, source_mask, refined),
    }
    for key, value in expected.items():
        np.testing.assert_allclose(result[key], value, atol=1e-6, err_msg=key)


def test_one_source_serves_many_driving_frames(animator):
    together = animator.animate(animator.encode_source(SOURCE[:1]), DRIVING)
    pairs = animator({keys.SOURCE: np.repeat(SOURCE[:1], 2, 0), keys.DRIVING: DRIVING})
    for key in keys.INTERMEDIATES:
        np.testing.assert_allclose(together[key], pairs[key], atol=1e-6, err_msg=key)


def test_unknown_batch_under_tf_function(animator):
    spec = tf.TensorSpec((None, 32, 32, 3), tf.float32)
    traced = tf.function(
        lambda s, d: animator({keys.SOURCE: s, keys.DRIVING: d}), input_signature=[spec, spec]
    )
    eager = animator({keys.SOURCE: SOURCE, keys.DRIVING: DRIVING})
    for key, value in traced(SOURCE, DRIVING).items():
        np.testing.assert_allclose(value, eager[key], atol=1e-5, err_msg=key)


def test_rebuilt_from_its_keras_configuration():
    original = Animator(TINY_RELEASE_MODEL, PERTURBATION.replace(shrink=0.5))
    copy = Animator.from_config(original.get_config())
    assert copy.model == original.model
    assert copy.perturbation == original.perturbation
    copy.set_weights(original.get_weights())
    inputs = {keys.SOURCE: SOURCE, keys.DRIVING: DRIVING}
    np.testing.assert_array_equal(original(inputs)[keys.FRAME], copy(inputs)[keys.FRAME])


@pytest.mark.parametrize(
    ("source", "driving", "message"),
    [
        (SOURCE[0], DRIVING, "source has shape"),
        (SOURCE, random_frames(2, 64), "driving is 64x64, but this model takes 32x32"),
        (SOURCE * 255, DRIVING, "source has values .* divide 8-bit pictures by 255"),
    ],
)
def test_bad_frames_are_refused(animator, source, driving, message):
    with pytest.raises(ValueError, match=message):
        animator({keys.SOURCE: source, keys.DRIVING: driving})


def test_ablations_leave_out_what_they_name():
    networks = build_networks(TINY_MODEL)
    inputs = {keys.SOURCE: SOURCE, keys.DRIVING: DRIVING}
    results = {
        ablation: Animator(TINY_MODEL, PERTURBATION, networks, ablation)(inputs)
        for ablation in ABLATIONS
    }
    mask = results["none"][keys.DRIVING_MASK]
    perturbed = perturb_test(mask, PERTURBATION)
    source_mask = results["none"][keys.SOURCE_MASK]
    expected = {
        "none": refined_mask(networks, SOURCE, source_mask, perturbed),
        "no_pert": refined_mask(networks, SOURCE, source_mask, mask),
        "no_ref": perturbed,
        "no_id": mask,
    }
    for ablation, result in results.items():
        np.testing.assert_allclose(
            result[keys.REFINED_MASK], expected[ablation], atol=1e-6, err_msg=ablation
        )
    with pytest.raises(ValueError, match=r"ablation is 'all', but must be one of none, no_pert"):
        Animator(TINY_MODEL, PERTURBATION, networks, "all")


def test_mirrored_masks_do_not_know_left_from_right(animator):
    plain = animator.encode_driving(DRIVING).numpy()
    mirrored = DRIVING[:, :, ::-1]
    assert np.abs(animator.encode_driving(mirrored)[:, :, ::-1] - plain).max() > 1e-3
    both = Animator(TINY_MODEL.replace(mirrored_masks=True), PERTURBATION, animator.networks)
    masks = both.encode_driving(DRIVING)
    np.testing.assert_allclose(both.encode_driving(mirrored)[:, :, ::-1], masks, atol=1e-6)
    np.testing.assert_array_equal(both.encode_source(DRIVING)[keys.SOURCE_MASK], masks)
    np.testing.assert_allclose(
        masks, (plain + animator.encode_driving(mirrored)[:, :, ::-1]) / 2, atol=1e-6
    )


@pytest.mark.parametrize("ablation", ["none", "no_pert"])
def test_a_share_of_the_driver_s_mask_passes_the_refiner(animator, ablation):
    inputs = {keys.SOURCE: SOURCE, keys.DRIVING: DRIVING}
    refined, half, unrefined = (
        Animator(TINY_MODEL.replace(driver_share=s), PERTURBATION, animator.networks, ablation)(
            inputs
        )
        for s in (0.0, 0.5, 1.0)
    )
    key = keys.REFINED_MASK
    np.testing.assert_allclose(unrefined[key], unrefined[keys.PERTURBED_MASK], atol=1e-6)
    np.testing.assert_allclose(half[key], (refined[key] + unrefined[key]) / 2, atol=1e-6)
    made = generated_frames(animator.networks, SOURCE, half[keys.SOURCE_MASK], half[key])
    np.testing.assert_allclose(half[keys.FRAME], made[keys.FRAME], atol=1e-6)
