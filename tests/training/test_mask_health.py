import numpy as np
import pytest

from maskanim_tf.training.mask_health import mask_health

SIDE = 20


def square(left, value=1.0, ground=0.0, channels=1):
    """A square of 6x6 pixels on a ground, `[1, SIDE, SIDE, channels]`."""
    picture = np.full((1, SIDE, SIDE, channels), ground, np.float32)
    picture[:, 7:13, left : left + 6] = value
    return picture


def health(source_mask, driving_mask, value=0.9, ground=0.2):
    frames = (square(left, value, ground, channels=3) for left in (4, 10))
    return mask_health(source_mask, driving_mask, *frames)


def test_mask_of_a_moving_object():
    figures = health(square(4), square(10))
    inner = 14 * 14
    share = 36 / inner
    assert figures.contrast == pytest.approx((share * (1 - share)) ** 0.5, rel=1e-5)
    assert figures.saturated == 1
    assert figures.change == pytest.approx(72 / inner, rel=1e-5)
    # The picture changes in two squares, of which one is bright in the driver's mask.
    assert figures.polarity == pytest.approx(0.5)
    assert figures.luminance == pytest.approx(1, rel=1e-5)
    assert not figures.flat


def test_reversed_mask_has_negative_polarity():
    assert health(1 - square(4), 1 - square(10)).polarity == pytest.approx(-0.5)


def test_mask_of_a_dark_object_is_not_a_copy_of_the_luminance():
    assert health(square(4), square(10), value=0.1, ground=0.7).luminance == pytest.approx(-1)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_grey_masks_are_flat(grey):
    mask = np.full((1, SIDE, SIDE, 1), grey, np.float32)
    figures = health(mask, mask)
    assert figures.flat
    assert figures.saturated == (grey != 0.5)
    assert figures.polarity == figures.luminance == 0


def test_white_mask_with_the_border_of_the_release_is_flat():
    mask = np.zeros((1, SIDE, SIDE, 1), np.float32)
    mask[:, 3:-3, 3:-3] = 1
    assert health(mask, mask).flat


def test_mask_that_does_not_follow_the_object_is_flat():
    assert health(square(4), square(4)).flat


def test_figures_become_columns():
    assert set(health(square(4), square(10)).row()) == {
        "mask_contrast",
        "mask_saturated",
        "mask_change",
        "mask_polarity",
        "mask_luminance",
    }
