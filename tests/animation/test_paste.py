import numpy as np
import pytest

from maskanim_tf.animation.paste import Paste, change_weights, rim_weights
from maskanim_tf.ops.pixels import as_floats
from tests.helpers import random_frames

HEIGHT, WIDTH = 90, 120


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def pasted(picture, square, source, frame):
    result = picture.copy()
    Paste().into(result, square, source, frame)
    return result


@pytest.mark.parametrize("square", [(30, 20, 48), (0, 0, 60), (60, 30, 60), (-10, 50, 50)])
def test_pixels_outside_of_the_square_are_not_touched(picture, square):
    source, frame = random_frames(2)
    left, top, side = square
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[max(0, top) : top + side, max(0, left) : left + side] = True
    result = pasted(picture, square, source, frame)
    np.testing.assert_array_equal(result[~inside], picture[~inside])
    assert (result[inside] != picture[inside]).mean() > 0.5


def test_where_nothing_changed_the_picture_stays_even_inside(picture):
    source = random_frames(1)[0]
    almost = np.clip(source + 0.01, 0, 1)
    np.testing.assert_array_equal(pasted(picture, (30, 20, 48), source, almost), picture)
    # Less sharp is no change.
    still = as_floats(np.full((32, 32, 3), 99, np.uint8))
    frame = still.copy()
    frame[8:16, 8:16] += 0.4
    result = pasted(picture, (20, 10, 64), still, frame)
    changed = (result != picture).any(-1)
    assert changed[10 + 16 : 10 + 32, 20 + 16 : 20 + 32].mean() > 0.9
    assert not changed[10 + 48 :, :].any()
    assert not changed[:, 20 + 48 :].any()


def test_an_object_is_the_result_as_a_whole(picture):
    source = as_floats(np.full((32, 32, 3), 99, np.uint8))
    frame = np.clip(source + 0.01, 0, 1)  # No change by itself.
    mask = np.zeros((16, 16, 1), np.float32)
    mask[4:10, 4:10] = 0.8
    result = picture.copy()
    Paste().into(result, (20, 10, 64), source, frame, [mask])
    assert (np.abs(result[10 + 24 : 10 + 32, 20 + 24 : 20 + 32].astype(int) - 101.5) <= 2).all()
    np.testing.assert_array_equal(result[:, 20 + 56 :], picture[:, 20 + 56 :])


def test_in_the_middle_the_result_is_seen(picture):
    source, frame = np.zeros((32, 32, 3), np.float32), np.full((32, 32, 3), 0.8, np.float32)
    result = pasted(picture, (20, 10, 64), source, frame)
    assert (result[10 + 20 : 10 + 44, 20 + 20 : 20 + 44] == 204).all()


def test_the_seam_rises_without_a_step_but_not_at_the_edge_of_the_picture():
    weights = rim_weights((30, 0, 50), HEIGHT, WIDTH)
    assert weights.shape == (50, 50)
    assert weights[0, 25] == 1  # The picture's upper edge.
    assert weights[25, 25] == 1
    assert weights[-1, 25] == weights[25, 0] == weights[25, -1] == 0
    assert np.abs(np.diff(weights, axis=0)).max() < 0.25
    np.testing.assert_allclose(weights[:, ::-1], weights, atol=1e-6)


def test_a_change_fades_over_the_next_frames(picture):
    still, other = np.zeros((32, 32, 3), np.float32), np.ones((32, 32, 3), np.float32)
    paste, square, shares = Paste(), (20, 10, 64), []
    for frame in (other, still, still):
        result = np.full_like(picture, 200)
        paste.into(result, square, still, frame)
        shares.append(int(result[42, 52, 0]))
    assert shares[0] == 255
    # The result, black, covers less and less.
    assert shares[1] < shares[2] < 200
    assert change_weights(still, still).max() == 0
