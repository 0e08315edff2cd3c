import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import PerturbationConfig
from maskanim_tf.export.export_options import ExportOptions, sample_clips
from maskanim_tf.export.parity import check_inputs, compare
from tests.animators import scrambled_animator
from tests.helpers import TINY_CONFIG, random_frames


@pytest.fixture(scope="module")
def animator():
    return scrambled_animator()


def exported(animator, change):
    """The Keras model itself, with one intermediate changed."""

    def run(source, driving):
        encoded = animator.encode_source(source)
        result = {key: value.numpy() for key, value in animator.animate(encoded, driving).items()}
        return change(result)

    return run


def inputs():
    return iter([(random_frames(1), random_frames(2, seed=1), True)])


def test_the_model_equals_itself(animator):
    parity = compare(animator, exported(animator, lambda result: result), inputs())
    assert parity.frames == 2
    assert parity.flipped == 0
    assert max(parity.differences.values()) < 1e-6
    parity.require(1e-6, "x")


@pytest.mark.parametrize("key", [keys.FRAME, keys.SOURCE_MASK, keys.PERTURBED_MASK])
@pytest.mark.parametrize("error", [0.01, np.nan])
def test_a_difference_is_found_in_every_output(animator, key, error):
    def change(result):
        value = result[key].copy()
        value[0, 5, 5] += error
        return {**result, key: value}

    parity = compare(animator, exported(animator, change), inputs())
    with pytest.raises(ValueError, match=f"model: {key} differs by (0.01|nan)"):
        parity.require(1e-4, "model")


def test_a_pixel_at_the_threshold_may_fall_on_either_side():
    source, driving = random_frames(1), random_frames(1, seed=1)
    first = scrambled_animator()
    mask = first.networks.mask_generator(driving)[keys.MASK].numpy()
    level = float(mask[0, 8, 8, 0])

    def at(threshold):
        return scrambled_animator(
            perturbation=PerturbationConfig(threshold="fixed", fixed_threshold=threshold)
        )

    for shift, fits in ((1e-6, True), (1e-2, False)):
        other = exported(at(level + shift), lambda result: result)
        parity = compare(at(level - shift), other, iter([(source, driving, True)]), margin=1e-5)
        # The masks differ a lot, since a whole pixel is in one and not in the other.
        assert parity.flipped == 1
        assert (parity.differences[keys.PERTURBED_MASK] < 1e-5) == fits
        assert parity.differences[keys.FRAME] < 1e-5


def test_frames_to_check_with_are_random_and_real(tmp_path):
    options = ExportOptions(seed=3)
    pairs = list(check_inputs(TINY_CONFIG, options, (1, 3)))
    assert [len(driving) for _, driving, _ in pairs] == [1, 1, 3, 3]
    assert all(source.shape == (1, 32, 32, 3) for source, _, _ in pairs)
    assert [real for _, _, real in pairs] == [False, True] * 2
    clips = list(sample_clips(TINY_CONFIG, options, 2, 3))
    np.testing.assert_array_equal(clips[0][:1], pairs[-1][0])
    with pytest.raises(FileNotFoundError, match="is no folder"):
        next(sample_clips(TINY_CONFIG, ExportOptions(data_dir=str(tmp_path / "no")), 1, 1))
    with pytest.raises(ValueError, match="no clips"):
        next(sample_clips(TINY_CONFIG, ExportOptions(data_dir=str(tmp_path)), 1, 1))
