import cv2
import numpy as np
import tensorflow as tf

from maskanim_tf.losses import VGGFeatures
from maskanim_tf.losses.terms import details_of, mask_loss, perceptual_loss, pyramid_features
from tests.helpers import random_frames


def test_mask_loss_is_the_mean_difference_of_each_sample():
    one, other = random_frames(3, 16, 1), random_frames(3, 16, 1, seed=1)
    expected = np.abs(one - other).mean((1, 2, 3))
    np.testing.assert_allclose(mask_loss(one, other), expected, rtol=1e-5)


def test_pixels_of_a_mask_may_count_more():
    one, other = random_frames(2, 16, 1), random_frames(2, 16, 1, seed=1)
    weights = random_frames(2, 16, 1, seed=2)
    expected = (weights * np.abs(one - other)).mean((1, 2, 3))
    np.testing.assert_allclose(mask_loss(one, other, weights), expected, rtol=1e-5)


def test_details_are_small_dark_things_in_bright_ones():
    sketch = np.zeros((1, 48, 48, 1), np.float32)
    sketch[:, 8:40, 8:40] = 0.9
    sketch[:, 16:19, 14:18] = 0.3  # an eye
    sketch[:, 30:34, 20:28] = 0.25  # a mouth
    details = details_of(sketch)[0, ..., 0].numpy()
    # With a pixel around them; neither the background nor what is bright.
    expected = np.zeros((48, 48), np.float32)
    expected[15:20, 13:19] = 1
    expected[29:35, 19:29] = 1
    np.testing.assert_array_equal(details, expected)


def test_perceptual_loss_sums_means_over_sizes_and_layers():
    network = VGGFeatures(("relu1_1", "relu2_1"), width=0.05)
    one, other = random_frames(2), random_frames(2, seed=1)
    loss = perceptual_loss(pyramid_features(one, network, 2), pyramid_features(other, network, 2))
    expected = np.zeros(2)
    for sample in range(2):
        for step, blur in ((1, None), (2, (5, 5))):
            sizes = []
            for frames in (one, other):
                frame = frames[sample]
                if blur:
                    frame = cv2.GaussianBlur(frame, blur, 0.5, borderType=cv2.BORDER_CONSTANT)
                sizes.append(network(frame[None, ::step, ::step]))
            for layer in sizes[0]:
                expected[sample] += np.abs(sizes[0][layer] - sizes[1][layer]).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_no_gradient_reaches_the_targets():
    network = VGGFeatures(("relu1_1",), width=0.05)
    one, other = tf.Variable(random_frames(1)), tf.Variable(random_frames(1, seed=1))
    with tf.GradientTape() as tape:
        features = [pyramid_features(x, network, 1) for x in (one, other)]
        loss = perceptual_loss(*features) + mask_loss(one[..., :1], other[..., :1])
    gradients = tape.gradient(loss, (one, other))
    assert float(tf.reduce_max(tf.abs(gradients[0]))) > 0
    assert gradients[1] is None
