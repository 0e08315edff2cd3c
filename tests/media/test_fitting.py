import numpy as np
import pytest

from maskanim_tf.media.fitting import fit_square, square_around


@pytest.mark.parametrize(
    ("box", "fit", "expected"),
    [
        (None, "crop", (20, 0, 60)),
        (None, "pad", (0, -20, 100)),
        ((10, 10, 30, 20), "crop", (10, 5, 20)),
        ((90, 50, 110, 60), "crop", (80, 40, 20)),
        ((0, 0, 80, 60), "crop", (10, 0, 60)),
        ((0, 0, 80, 60), "pad", (0, -10, 80)),
    ],
)
def test_square(box, fit, expected):
    assert square_around(box, 60, 100, fit) == expected


@pytest.mark.parametrize("size", [20, 10, 40])
def test_the_centre_is_kept_and_padding_is_black(size):
    frame = np.full((20, 40, 3), 90, np.uint8)
    frame[:, :9] = frame[:, 31:] = 250
    for picture in (frame, frame.transpose(1, 0, 2), frame[..., 0]):
        assert (fit_square(picture, size) == 90).all()
    padded = fit_square(frame, size, "pad")
    assert padded.shape == (size, size, 3)
    edge = size // 4
    assert padded[: edge - 1].max() == padded[1 - edge :].max() == 0
    assert padded[size // 2, : size // 8].min() > 240
    assert padded[size // 2, size // 2, 0] == 90
