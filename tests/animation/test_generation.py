import gc
import threading
import time
import weakref

import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.animation import AnimationOptions, FrameGenerator, generate_frames
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.animation.frame_generator import check_abilities
from maskanim_tf.animation.generation import generate_masks, in_order
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
    results = list(
        generate_frames(AnimatorGenerator(animator), SOURCE, iter(DRIVING), batch_size=3)
    )
    assert len(results) == 7
    for key in keys.INTERMEDIATES:
        found = np.stack([result[key] for result in results])
        # One value in thousands lies so near to a half that a graph rounds it the other way.
        different = np.abs(as_bytes(found).astype(int) - as_bytes(expected[key]))
        assert different.max() <= 1, key
        assert different.mean() < 1e-3, key
    # The frames differ, or the comparison would say little.
    assert np.ptp(np.stack([result[keys.FRAME] for result in results]), axis=0).max() > 0.05


def test_drivers_are_read_as_they_are_needed(generator):
    taken = []

    def frames():
        for index, frame in enumerate(DRIVING):
            taken.append(index)
            yield frame

    results = generate_frames(generator, SOURCE, frames(), batch_size=2, keys=(keys.FRAME,))
    assert not taken
    assert set(next(results)) == {keys.FRAME}
    assert taken == [0, 1]
    assert not list(generate_frames(generator, SOURCE, [], batch_size=2))


def test_smoothing_is_exponential_and_runs_on_over_batches(generator, animator):
    plain = np.stack(list(generate_masks(generator, DRIVING, batch_size=3)))
    np.testing.assert_array_equal(as_bytes(plain), as_bytes(by_hand(animator)[keys.DRIVING_MASK]))
    share, expected = 0.7, [plain[0]]
    for mask in plain[1:]:
        expected.append(share * expected[-1] + (1 - share) * mask)
    smooth = list(generate_frames(generator, SOURCE, DRIVING, 3, smooth_masks=share))
    found = np.stack([result[keys.DRIVING_MASK] for result in smooth])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # What follows is made from the smoothed masks.
    again = animator.animate_mask(animator.encode_source(as_floats(SOURCE[None])), found)
    frames = np.stack([result[keys.FRAME] for result in smooth])
    # These networks amplify what a graph rounds differently.
    np.testing.assert_allclose(frames, again[keys.FRAME], atol=2e-4)


def test_wrong_arguments_are_refused(generator):
    with pytest.raises(ValueError, match="batch_size is 0"):
        next(generate_frames(generator, SOURCE, DRIVING, batch_size=0))
    with pytest.raises(ValueError, match="smooth_masks is 2"):
        next(generate_frames(generator, SOURCE, DRIVING, smooth_masks=2))
    with pytest.raises(ValueError, match=f"but this model takes {SIZE}x{SIZE}"):
        next(generate_frames(generator, SOURCE, pixels(1, size=64)))


def test_graphs_die_with_their_generator(networks, animator):
    def used():
        own = Animator(animator.model, animator.perturbation, networks)
        generator = AnimatorGenerator(own)
        list(generate_frames(generator, SOURCE, DRIVING[:2]))
        return weakref.ref(own), weakref.ref(generator)

    alive = used()
    gc.collect()
    assert [found() for found in alive] == [None, None]


class Echo(FrameGenerator):
    """Shows the driver darker; takes two frames a call, and several calls at once."""

    label, image_size, batch_size, concurrency = "an echo", SIZE, 2, 3

    def __init__(self):
        self.calls = []

    def animate(self, driving, wanted=(keys.FRAME,), masks=None):
        self.calls.append((len(driving), tuple(wanted), masks))
        return {keys.FRAME: as_floats(driving) / 2}


def test_any_generator_is_given_whole_batches_and_answers_in_order():
    echo = Echo()
    shown = (keys.SOURCE, keys.DRIVING, keys.FRAME)
    results = list(generate_frames(echo, SOURCE, DRIVING, batch_size=5, keys=shown))
    assert echo.calls == [(2, (keys.FRAME,), None)] * 4
    for driving, result in zip(DRIVING, results):
        assert tuple(result) == shown
        np.testing.assert_array_equal(result[keys.SOURCE], as_floats(SOURCE))
        np.testing.assert_array_equal(result[keys.DRIVING], as_floats(driving))
        np.testing.assert_array_equal(result[keys.FRAME], as_floats(driving) / 2)
    assert len(results) == 7
    with pytest.raises(ValueError, match="an echo gives no coarse"):
        next(generate_frames(echo, SOURCE, DRIVING, keys=(keys.COARSE,)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"view": "all"}, "--view=all shows source_mask, .* to which an echo gives no access"),
        ({"find_best_frame": True}, "--find_best_frame compares masks"),
        ({"smooth_masks": 0.5}, "--smooth_masks changes masks"),
        ({"motion": "relative"}, "--motion=relative moves masks"),
    ],
)
def test_what_a_generator_cannot_do_is_said_by_the_option(options, message):
    check_abilities(Echo(), AnimationOptions(view="side_by_side"))
    with pytest.raises(ValueError, match=message):
        check_abilities(Echo(), AnimationOptions(**options))


def test_results_come_in_order_and_items_are_taken_as_needed():
    taken, at_once, most = [], [0], [0]
    lock = threading.Lock()

    def items():
        for number in range(30):
            taken.append(number)
            yield number

    def work(number):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.002 * (number % 3))
        with lock:
            at_once[0] -= 1
        return number

    results = in_order(work, items(), 4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 8
    assert list(results) == list(range(3, 30))
    assert most[0] == 4
