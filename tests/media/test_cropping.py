import cv2
import numpy as np
import pytest

from maskanim_tf.media.cropping import object_box
from tests.animation.material import moving_square


def holds(box, left, top, right, bottom, slack):
    """Whether a box holds another one and little more."""
    inside = box[0] <= left and box[1] <= top and box[2] >= right and box[3] >= bottom
    return inside and (
        left - box[0] <= slack
        and top - box[1] <= slack
        and box[2] - right <= slack
        and box[3] - bottom <= slack
    )


def test_the_box_follows_what_moves():
    # The square goes over columns 20 to 73.
    assert holds(object_box(iter(moving_square())), 20, 30, 73, 50, slack=12)


def test_what_rests_belongs_to_what_moves():
    frames = moving_square()
    frames[:, 50:90, 40:60] = 240  # A body below the moving part.
    frames[:, 60:90, 110:125] = 240  # Something else.
    assert holds(object_box(frames), 20, 30, 73, 90, slack=14)


def test_an_object_in_a_picture_stands_out():
    ramp = np.tile(np.linspace(60, 120, 400).astype(np.uint8), (300, 1))
    picture = np.repeat(ramp[..., None], 3, -1)
    cv2.ellipse(picture, (260, 180), (50, 80), 0, 0, 360, (220, 60, 40), -1)
    assert holds(object_box([picture]), 210, 100, 310, 260, slack=30)
    # A still video is a picture.
    assert object_box([picture] * 3) == object_box([picture])


def test_a_portrait_reaches_the_lower_border():
    picture = np.full((200, 200, 3), 200, np.uint8)
    picture[80:, 60:140] = (150, 90, 70)
    assert holds(object_box([picture]), 60, 80, 140, 200, slack=26)


def test_nothing_stands_out():
    assert object_box([np.full((50, 60, 3), 128, np.uint8)] * 2) is None
    assert object_box([np.zeros((1, 1, 3), np.uint8)]) is None
    with pytest.raises(ValueError, match="no frame"):
        object_box([])
