import cv2
import numpy as np
import pytest

from maskanim_tf.ops import addons
from tests.helpers import random_frames

# (a0, a1, a2, b0, b1, b2, 0, 0): a shift, a scaling about a point, a rotation with shear.
TRANSFORMS = np.float32(
    [
        [1, 0, 2.5, 0, 1, -1.25, 0, 0],
        [1.3, 0, -4, 0, 0.8, 3, 0, 0],
        [0.9, 0.3, -2, -0.2, 1.1, 1, 0, 0],
    ]
)


def both_implementations(name):
    core = getattr(addons, f"core_{name}")
    return [core, getattr(addons, name)]


@pytest.mark.parametrize("transform", both_implementations("affine_transform"))
def test_affine_transform_agrees_with_opencv(transform):
    frames = random_frames(3)
    result = np.asarray(transform(frames, TRANSFORMS))
    for frame, rows, actual in zip(frames, TRANSFORMS, result):
        y, x = np.mgrid[:32, :32].astype(np.float32)
        a0, a1, a2, b0, b1, b2, _, _ = rows
        expected = cv2.remap(
            frame,
            a0 * x + a1 * y + a2,
            b0 * x + b1 * y + b2,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        # OpenCV rounds positions to 1/32 pixel.
        np.testing.assert_allclose(actual, expected, atol=0.03)
        assert np.abs(actual - expected).mean() < 0.005


@pytest.mark.parametrize("blur", both_implementations("gaussian_filter"))
def test_gaussian_filter_agrees_with_opencv(blur):
    frames = random_frames(2, channels=2)
    expected = [
        cv2.GaussianBlur(frame, (7, 7), 1.3, borderType=cv2.BORDER_CONSTANT) for frame in frames
    ]
    np.testing.assert_allclose(blur(frames, 7, 1.3), expected, atol=1e-5)


@pytest.mark.skipif(addons.tfa is None, reason="tensorflow-addons is not in this dependency set")
@pytest.mark.parametrize(
    ("name", "arguments"), [("affine_transform", (TRANSFORMS,)), ("gaussian_filter", (13, 1.5))]
)
def test_addons_and_core_give_the_same(name, arguments):
    core, ours = (each(random_frames(3), *arguments) for each in both_implementations(name))
    np.testing.assert_allclose(ours, core, atol=1e-6)
