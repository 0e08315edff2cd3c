import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.ops.convolutions import narrow_convolution, up_convolution


def with_gradients(function, *arguments):
    """The result of a function, and the gradients of a weighted sum of it."""
    arguments = [tf.constant(argument, tf.float64) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        result = function(*arguments)
        weights = np.random.default_rng(1).normal(size=result.shape)
        total = tf.reduce_sum(result * weights)
    return result, *tape.gradient(total, arguments)


def assert_same(function, reference, *arguments):
    for ours, expected in zip(
        with_gradients(function, *arguments), with_gradients(reference, *arguments)
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


def test_up_convolution_is_repetition_and_convolution():
    def reference(inputs, kernel):
        repeated = tf.repeat(tf.repeat(inputs, 2, axis=1), 2, axis=2)
        return tf.nn.conv2d(repeated, kernel, 1, "SAME")

    rng = np.random.default_rng(0)
    inputs, kernel = rng.normal(size=(2, 4, 6, 5)), rng.normal(size=(3, 3, 5, 7))
    assert_same(up_convolution, reference, inputs, kernel)


@pytest.mark.parametrize("sides", [(12, 10), (9, 12)])
def test_narrow_convolution_is_a_convolution(sides):
    rng = np.random.default_rng(0)
    inputs, kernel = rng.normal(size=(2, *sides, 5)), rng.normal(size=(7, 7, 5, 3))
    assert_same(narrow_convolution, lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), inputs, kernel)
