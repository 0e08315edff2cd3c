import numpy as np
import pytest

from maskanim_tf.animation.masks import OverlapWarning, nearest_mask, overlap
from tests.animation import material


def disc(x, y):
    return material.disc(x, y, 5, 32, inside=0.9, outside=0.1)


def test_the_nearest_mask():
    masks = [disc(x, 16) for x in (4, 10, 15, 28)]
    assert nearest_mask(disc(16, 16), iter(masks)) == 2


def test_overlap_is_intersection_over_union():
    first, second = disc(14, 16), disc(18, 16)
    inside, other = first > 0.5, second > 0.5
    expected = (inside & other).sum() / (inside | other).sum()
    assert overlap(first, second) == pytest.approx(expected)
    # Dark objects on light ground are objects as well; noise of the ground is none.
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, first.shape).astype(np.float32)
    assert overlap(1 - first, second + noise) == pytest.approx(expected)
    assert overlap(first, disc(26, 4)) == 0


@pytest.mark.parametrize("count", [3, 40])
def test_one_warning_for_objects_apart(caplog, count):
    for driving_mask, warnings in ((disc(26, 4), 1), (disc(9, 26), 0)):
        caplog.clear()
        warning = OverlapWarning("a.png, b.mp4")
        for _ in range(count):
            warning.look(disc(8, 26), driving_mask)
        warning.finish()
        assert [r.getMessage().split(":")[0] for r in caplog.records] == ["a.png, b.mp4"] * warnings
