import numpy as np
import pytest

from maskanim_tf.animation.alignment import align
from maskanim_tf.animation.generation import generate_frames
from maskanim_tf.animation.masks import overlap
from maskanim_tf.keys import DRIVING_MASK
from tests.animation.material import SIZE, Seer, disc, frames_of, pixels
from tests.media.clip_files import write_picture


def test_the_driver_of_the_chosen_frame_comes_to_lie_over_the_source():
    source, chosen = disc(30, 34, 14), disc(44, 20, 7)
    alignment = align(chosen, source)
    assert alignment.scale == pytest.approx(2, abs=0.1)
    assert overlap(alignment.moved(chosen), source) > 0.93
    assert overlap(chosen, source) < 0.2


def test_a_change_since_then_grows_with_the_object():
    source, chosen = disc(30, 34, 14), disc(44, 20, 7)
    # Three pixels to the left and two down, for an object of half the size.
    moved = align(chosen, source).moved(disc(41, 22, 7))
    assert overlap(moved, disc(24, 38, 14)) > 0.9


def test_masks_of_one_place_stay_as_they_are():
    mask = disc(30, 34, 14)
    np.testing.assert_allclose(align(mask, mask).moved(disc(20, 9, 5)), disc(20, 9, 5), atol=1e-4)


def test_empty_masks_move_nothing():
    empty, mask = np.zeros((64, 64, 1), np.float32), disc(20, 20, 5)
    for pair in ((empty, mask), (mask, empty), (empty, empty)):
        np.testing.assert_array_equal(align(*pair).moved(mask), mask)


def test_a_border_goes_on_outside():
    ground = np.full((64, 64, 1), 0.2, np.float32)
    alignment = align(disc(32, 32, 10), disc(32, 12, 10))
    np.testing.assert_allclose(alignment.moved(ground), ground, atol=1e-6)


class Shower(Seer):
    """Whose frames are its masks."""

    outputs = (DRIVING_MASK,)

    def animate(self, driving, wanted=(), masks=None):
        return {DRIVING_MASK: self.masks(driving) if masks is None else masks}


def test_masks_are_smoothed_and_then_moved():
    driving = [np.repeat(disc(x, 16, 6, SIZE) * 255, 3, -1).astype(np.uint8) for x in (8, 10)]
    alignment = align(disc(8, 16, 6, SIZE), disc(16, 16, 6, SIZE))
    how = {"smooth_masks": 0.5, "keys": [DRIVING_MASK], "alignment": alignment}
    made = list(generate_frames(Shower(), driving[0], driving, **how))
    first, second = (Shower().masks(frame[None])[0] for frame in driving)
    expected = alignment.moved(0.5 * first + 0.5 * second)
    np.testing.assert_allclose(made[1][DRIVING_MASK], expected, atol=1e-6)


def test_relative_motion_depends_on_the_chosen_frame(animate, tmp_path):
    write_picture(tmp_path / "source.png", pixels(1, seed=9)[0])
    for index, frame in enumerate(pixels(6)):
        write_picture(tmp_path / "frames" / f"{index}.png", frame)
    inputs = tmp_path / "source.png", tmp_path / "frames"
    absolute, first, third = (
        frames_of(animate(*inputs, f"out{number}", **options)[0]).astype(int)
        for number, options in enumerate(
            ({}, {"motion": "relative"}, {"motion": "relative", "reference_frame": 3})
        )
    )
    assert np.abs(absolute - first).mean() > 0.3
    assert np.abs(third - first).mean() > 0.3
    with pytest.raises(ValueError, match="reference_frame is 6, but the driver has frames 0 to 5"):
        animate(*inputs, motion="relative", reference_frame=6)
