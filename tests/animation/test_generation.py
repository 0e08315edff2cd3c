import gc
import weakref

import numpy as np
import pytest
from maskanim_tf.animation.batching import BatchAnimator

from maskanim_tf import keys
from maskanim_tf.animation import generate_frames
from maskanim_tf.animation.generation import generate_masks
from maskanim_tf.models import Animator
from maskanim_tf.ops.pixels import as_bytes, as_floats
from tests.animation.material import SIZE, pixels

SOURCE = pixels(1, seed=9)[0]
DRIVING = pixels(7)


def by_hand(animator):
    inputs = {keys.SOURCE: as_floats(SOURCE[None]), keys.DRIVING: as_floats(DRIVING)}
    return animator.animate(animator.encode_source(inputs[keys.SOURCE]), inputs[keys.DRIVING])


@pytest.mark.parametrize("ablation", ["none", "no_id"])
def test_frames_are_those_of_the_animator(animator, networks, ablation):
    animator = Animator(animator.model, animator.perturbation, networks, ablation)
    expected = by_hand(animator)
    # Seven frames by threes: the last batch is filled up.
    results = list(generate_frames(animator, SOURCE, iter(DRIVING), batch_size=3))
    assert len(results) == 7
    for key in keys.INTERMEDIATES:
        found = np.stack([result[key] for result in results])
        # One value in thousands lies so near to a half that a graph rounds it the other way.
        different = np.abs(as_bytes(found).astype(int) - as_bytes(expected[key]))
        assert different.max() <= 1, key
        assert different.mean() < 1e-3, key
    # The frames differ, or the comparison would say little.
    assert np.ptp(np.stack([result[keys.FRAME] for result in results]), axis=0).max() > 0.05


def test_drivers_are_read_as_they_are_needed(animator):
    taken = []

    def frames():
        for index, frame in enumerate(DRIVING):
            taken.append(index)
            yield frame

    results = generate_frames(animator, SOURCE, frames(), batch_size=2, keys=(keys.FRAME,))
    assert not taken
    assert set(next(results)) == {keys.FRAME}
    assert taken == [0, 1]
    assert not list(generate_frames(animator, SOURCE, [], batch_size=2))


def test_smoothing_is_exponential_and_runs_on_over_batches(animator):
    plain = np.stack(list(generate_masks(animator, DRIVING, batch_size=3)))
    np.testing.assert_array_equal(as_bytes(plain), as_bytes(by_hand(animator)[keys.DRIVING_MASK]))
    share, expected = 0.7, [plain[0]]
    for mask in plain[1:]:
        expected.append(share * expected[-1] + (1 - share) * mask)
    smooth = list(generate_frames(animator, SOURCE, DRIVING, 3, smooth_masks=share))
    found = np.stack([result[keys.DRIVING_MASK] for result in smooth])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # What follows is made from the smoothed masks.
    again = animator.animate_mask(animator.encode_source(as_floats(SOURCE[None])), found)
    frames = np.stack([result[keys.FRAME] for result in smooth])
    # These networks amplify what a graph rounds differently.
    np.testing.assert_allclose(frames, again[keys.FRAME], atol=2e-4)


def test_wrong_arguments_are_refused(animator):
    with pytest.raises(ValueError, match="batch_size is 0"):
        next(generate_frames(animator, SOURCE, DRIVING, batch_size=0))
    with pytest.raises(ValueError, match="smooth_masks is 2"):
        next(generate_frames(animator, SOURCE, DRIVING, smooth_masks=2))
    with pytest.raises(ValueError, match=f"but this model takes {SIZE}x{SIZE}"):
        next(generate_frames(animator, SOURCE, pixels(1, size=64)))


def test_graphs_are_kept_as_long_as_their_animator(networks, animator):
    def used_twice():
        own = Animator(animator.model, animator.perturbation, networks)
        first, again = BatchAnimator(own, 2), BatchAnimator(own, 3)
        assert first.find_masks(DRIVING[:2]).shape == again.find_masks(DRIVING[:2]).shape
        assert first._encode_driving is again._encode_driving
        return weakref.ref(own)

    alive = used_twice()
    gc.collect()
    assert alive() is None
