import colorsys

import cv2
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.config import AugmentationConfig
from maskanim_tf.ops.color import adjust_color, draw_color_change
from tests.helpers import random_frames, sample_seeds

AUGMENTATION = AugmentationConfig()


def color_jitter(image, seed):
    """Operator A, as training samples get it."""
    return adjust_color(image, draw_color_change(seed, AUGMENTATION))


def jittered(images, seeds):
    return np.stack([color_jitter(*pair) for pair in zip(images, seeds)])


def numpy_adjust(image, change):
    """The four changes with NumPy and OpenCV's float HSV (hue in degrees)."""
    brightness, contrast, saturation, hue = change
    image = np.clip(image * brightness, 0, 1)
    mean = image.mean((0, 1), keepdims=True)
    image = np.clip((image - mean) * contrast + mean, 0, 1)
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 1)
    hsv[..., 0] = (hsv[..., 0] + 360 * hue) % 360
    return np.clip(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), 0, 1)


@pytest.mark.parametrize(
    "change",
    [
        (1.1, 1, 1, 0),
        (1, 0.9, 1, 0),
        (1, 1, 1.1, 0),
        (1, 1, 1, -0.1),
        (0.93, 1.08, 0.91, 0.07),
    ],
)
def test_each_change_agrees_with_opencv(change):
    image = random_frames(1)[0]
    result = adjust_color(image, tf.constant(change, tf.float32))
    np.testing.assert_allclose(result, numpy_adjust(image, change), atol=2e-4)


def test_hue_is_shifted_in_turns_of_the_colour_wheel():
    red = np.zeros((1, 1, 3), np.float32) + np.array([0.8, 0.2, 0.2], np.float32)
    result = adjust_color(red, tf.constant([1.0, 1.0, 1.0, 0.1]))
    hue = colorsys.rgb_to_hsv(*np.asarray(result)[0, 0].astype(float))[0]
    assert hue == pytest.approx(0.1, abs=1e-3)


def test_drawn_changes_fill_their_ranges():
    changes = np.array(
        [draw_color_change(seed, AUGMENTATION) for seed in sample_seeds((3, 1), 300)]
    )
    np.testing.assert_allclose(changes.min(0), [0.9, 0.9, 0.9, -0.1], atol=0.01)
    np.testing.assert_allclose(changes.max(0), [1.1, 1.1, 1.1, 0.1], atol=0.01)
    # Independent of each other.
    correlation = np.corrcoef(changes.T) - np.eye(4)
    assert np.abs(correlation).max() < 0.25


def test_samples_differ_and_the_seed_decides():
    images = np.repeat(random_frames(1), 2, 0)
    seeds = sample_seeds((1, 2), 2)
    first = jittered(images, seeds)
    assert np.abs(first[0] - first[1]).max() > 0.01
    assert first.min() >= 0
    assert first.max() <= 1
    np.testing.assert_array_equal(first, jittered(images, seeds))
    graph = tf.function(
        color_jitter,
        input_signature=[tf.TensorSpec((32, 32, 3), tf.float32), tf.TensorSpec((2,), tf.int32)],
    )
    for expected, image, seed in zip(first, images, seeds):
        np.testing.assert_allclose(expected, graph(image, seed), atol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_sixteen_bit_types(dtype):
    (image,), (seed,) = random_frames(1), sample_seeds((1, 2), 1)
    result = color_jitter(tf.cast(image, dtype), seed)
    assert result.dtype == dtype
    np.testing.assert_allclose(tf.cast(result, tf.float32), color_jitter(image, seed), atol=0.03)
