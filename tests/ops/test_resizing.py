import cv2
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.ops.resizing import antialiased_downscale, pyramid, resize_bilinear
from tests.helpers import random_frames, shared_folder


@pytest.mark.parametrize("size", [16, 128])
def test_bilinear_agrees_with_opencv(size):
    frames = random_frames(2, 64)
    expected = [cv2.resize(frame, (size, size), interpolation=cv2.INTER_LINEAR) for frame in frames]
    np.testing.assert_allclose(resize_bilinear(frames, size), expected, atol=1e-5)


@pytest.mark.parametrize(("scale", "size", "sigma"), [(0.5, 5, 0.5), (0.25, 13, 1.5)])
def test_antialiasing_agrees_with_opencv(scale, size, sigma):
    frames = random_frames(2, 64)
    step = round(1 / scale)
    expected = [
        cv2.GaussianBlur(frame, (size, size), sigma, borderType=cv2.BORDER_CONSTANT)[::step, ::step]
        for frame in frames
    ]
    np.testing.assert_allclose(antialiased_downscale(frames, scale), expected, atol=1e-5)


def test_down_scalings_reproduce_the_release():
    with np.load(shared_folder("golden") / "downscale.npz") as golden:
        nhwc = {key: golden[key].transpose(0, 2, 3, 1) for key in golden.files}
    frame = tf.constant(nhwc["input/frame"])
    for result, key in (
        (antialiased_downscale(frame, 0.5), "output/half"),
        (antialiased_downscale(frame, 0.25), "output/quarter"),
        (resize_bilinear(frame, 64), "output/bilinear_64"),
        (resize_bilinear(resize_bilinear(frame, 64), 256), "output/bilinear_up"),
    ):
        np.testing.assert_allclose(result, nhwc[key], atol=1e-5, err_msg=key)


def test_dtype_and_unknown_batch_are_kept():
    for dtype in (tf.float16, tf.bfloat16):
        frames = tf.cast(random_frames(2, 32), dtype)
        for operator in (
            lambda x: resize_bilinear(x, 8),
            lambda x: antialiased_downscale(x, 0.25),
        ):
            traced = tf.function(
                operator, input_signature=[tf.TensorSpec((None, 32, 32, 3), dtype)]
            )
            result = traced(frames)
            assert result.dtype == dtype
            assert result.shape == (2, 8, 8, 3)


def test_identity_and_bad_scale():
    frames = tf.constant(random_frames(1))
    assert antialiased_downscale(frames, 1.0) is frames
    assert resize_bilinear(frames, 32) is frames
    with pytest.raises(ValueError, match=r"scale is 0\.3"):
        antialiased_downscale(frames, 0.3)


def test_pyramid_is_the_downscaling():
    frames = tf.constant(random_frames(2, 48))
    for level, image in enumerate(pyramid(frames, 4)):
        expected = antialiased_downscale(frames, 1 / 2**level)
        np.testing.assert_allclose(image, expected, atol=1e-5, err_msg=str(level))
