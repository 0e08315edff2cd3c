import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.ops.checks import check_frames
from tests.helpers import random_frames


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (random_frames(1)[0], r"has shape \(32, 32, 3\), but must be \[batch"),
        (random_frames(1, 64), "is 64x64, but this model takes 32x32"),
        (random_frames(1)[:, :, :16], "is 32x16, but this model takes 32x32"),
        (random_frames(1, channels=4), "has 4 channels, but must have 3"),
        (random_frames(1) * 255, r"has values from .* but must lie in \[0, 1\]; divide"),
        ((random_frames(1) * 255).astype(np.uint8), "is of type uint8, but must be floating"),
        (random_frames(1) * np.nan, "has values from nan to nan"),
    ],
)
def test_bad_frames(frames, message):
    with pytest.raises(ValueError, match="driving " + message):
        check_frames("driving", tf.constant(frames), 32)


def test_good_frames_and_empty_batches_pass():
    check_frames("source", tf.constant(random_frames(2)), 32)
    check_frames("source", tf.zeros((0, 32, 32, 3)), 32)
