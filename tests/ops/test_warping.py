import numpy as np
import tensorflow as tf

from maskanim_tf.inference.plain_layers import warp_by_grid
from maskanim_tf.ops.warping import warp
from tests.helpers import random_frames


def steps_of(shape, seed=0):
    return np.random.default_rng(seed).uniform(-3, 3, shape).astype(np.float32)


def test_whole_steps_read_other_pixels_and_the_border_beyond():
    picture = random_frames(2, 8)[:, :6]
    steps = np.zeros((2, 6, 8, 2), np.float32) + np.float32([1, -2])
    result = warp(picture, steps)
    np.testing.assert_allclose(result[:, :-1, 2:], picture[:, 1:, :-2], rtol=1e-6)
    np.testing.assert_allclose(result[:, -1, 2:], picture[:, -1, :-2], rtol=1e-6)
    np.testing.assert_allclose(result[:, :-1, 0], picture[:, 1:, 0])


def test_between_pixels_by_hand():
    picture = np.array([[0, 1], [10, 100]], np.float32).reshape(1, 2, 2, 1)
    steps = np.zeros((1, 2, 2, 2), np.float32)
    steps[0, 0, 0] = [0.5, 0.25]
    # Three quarters of the left column, a quarter of the right one, half of each row.
    expected = 0.5 * (0.75 * 0 + 0.25 * 1) + 0.5 * (0.75 * 10 + 0.25 * 100)
    assert warp(picture, steps)[0, 0, 0, 0] == expected


def test_gradients_reach_steps_and_pictures():
    picture, steps = tf.constant(random_frames(1, 8)), tf.constant(steps_of((1, 8, 8, 2)))
    direction = steps_of((1, 8, 8, 2), seed=1) / 3

    def total(steps):
        return tf.reduce_sum(warp(picture, steps) ** 2)

    with tf.GradientTape() as tape:
        tape.watch((picture, steps))
        value = total(steps)
    to_picture, to_steps = tape.gradient(value, (picture, steps))
    small = 1e-3
    difference = (total(steps + small * direction) - total(steps - small * direction)) / (2 * small)
    np.testing.assert_allclose(tf.reduce_sum(to_steps * direction), difference, rtol=0.02)
    # Each result is a mean of pixels.
    with tf.GradientTape() as tape:
        tape.watch(picture)
        value = tf.reduce_sum(warp(picture, steps))
    np.testing.assert_allclose(tf.reduce_sum(tape.gradient(value, picture)), 8 * 8 * 3, rtol=1e-5)
    assert np.abs(to_picture).max() > 0


def test_a_grid_reads_the_same():
    pictures, steps = tf.constant(random_frames(2, 16)), tf.constant(steps_of((2, 16, 16, 2)))
    np.testing.assert_allclose(warp_by_grid(pictures, steps), warp(pictures, steps), atol=1e-5)
