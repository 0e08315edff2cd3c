import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.models.layers import BatchNorm
from tests.helpers import random_frames, two_replicas


@pytest.mark.parametrize("batch", [1, 4])
def test_fused_batch_norm_is_keras_batch_norm(batch):
    frames = tf.constant(random_frames(batch, 8 * batch, 5))
    ours, keras_own = BatchNorm(), keras.layers.BatchNormalization(synchronized=True)
    results = []
    for layer in (ours, keras_own):
        layer.build(frames.shape)
        layer.gamma.assign([0.5, 1.0, -1.0, 2.0, 0.0])
        with tf.GradientTape() as tape:
            tape.watch(frames)
            output = layer(frames, training=True)
            total = tf.reduce_sum(tf.sin(3 * output))
        gradients = tape.gradient(total, [frames, *layer.trainable_variables])
        moving = (layer.moving_mean, layer.moving_variance)
        results.append([output, *gradients, *moving, layer(frames, training=False)])
    for mine, expected in zip(*results):
        # Sums that nearly cancel are as precise as their parts.
        size = np.abs(expected).max()
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-3 * max(size, 1))


def test_replicas_share_their_statistics():
    frames = random_frames(4, 8, 2)
    with (strategy := two_replicas()).scope():
        layer = BatchNorm()
        layer.build(frames.shape)

    def half():
        start = 2 * tf.distribute.get_replica_context().replica_id_in_sync_group
        return layer(tf.constant(frames)[start : start + 2], training=True)

    halves = strategy.experimental_local_results(tf.function(lambda: strategy.run(half))())
    whole = BatchNorm()(frames, training=True)
    np.testing.assert_allclose(np.concatenate(halves), whole, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, 0.01 * frames.mean((0, 1, 2)), atol=1e-6)


def test_sixteen_bits_keep_float32_statistics():
    frames = random_frames(4, 16, 3)
    layer = BatchNorm(dtype="mixed_bfloat16")
    output = layer(frames, training=True)
    assert output.dtype == tf.bfloat16
    np.testing.assert_allclose(layer.moving_mean, 0.01 * frames.mean((0, 1, 2)), rtol=5e-3)
    expected = BatchNorm()(frames, training=True)
    np.testing.assert_allclose(tf.cast(output, tf.float32), expected, atol=0.03)
