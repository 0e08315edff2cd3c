import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.models import build_networks
from maskanim_tf.models.layers import BatchNorm, Convolution
from tests.helpers import TINY_RELEASE_MODEL, random_frames, two_replicas


@pytest.mark.parametrize("batch", [1, 4])
def test_fused_batch_norm_is_keras_batch_norm(batch):
    frames = tf.constant(random_frames(batch, 8 * batch, 5))
    constants = {"epsilon": 1e-5, "momentum": 0.9, "synchronized": True}
    ours, keras_own = BatchNorm(), keras.layers.BatchNormalization(**constants)
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
    np.testing.assert_allclose(layer.moving_mean, 0.1 * frames.mean((0, 1, 2)), atol=1e-5)


def test_sixteen_bits_keep_float32_statistics():
    frames = random_frames(4, 16, 3)
    layer = BatchNorm(dtype="mixed_bfloat16")
    output = layer(frames, training=True)
    assert output.dtype == tf.bfloat16
    np.testing.assert_allclose(layer.moving_mean, 0.1 * frames.mean((0, 1, 2)), rtol=5e-3)
    expected = BatchNorm()(frames, training=True)
    np.testing.assert_allclose(tf.cast(output, tf.float32), expected, atol=0.03)


@pytest.mark.parametrize(("kernel_size", "channels"), [(3, 32), (7, 4)])
def test_kernel_and_bias_start_uniform_within_the_root_of_the_fan_in(kernel_size, channels):
    keras.utils.set_random_seed(1)
    layer = Convolution(64, kernel_size)
    layer.build((None, 8, 8, channels))
    kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    bound = (kernel_size * kernel_size * channels) ** -0.5
    for values in (kernel, bias):
        assert np.abs(values).max() <= bound
        # A uniform variable in +-b has the standard deviation b / sqrt(3).
        assert values.std() == pytest.approx(bound / 3**0.5, rel=0.15)
        assert np.abs(values.mean()) < 0.25 * bound
    assert not np.isclose(kernel.ravel()[0], bias[0])


def test_convolution_keeps_the_size_of_its_input():
    assert tuple(Convolution(5, 7)(random_frames(2, 16)).shape) == (2, 16, 16, 5)


def test_masks_of_the_release_variant_start_on_the_slope_of_the_sigmoid():
    """With Keras' default start more than half of the pixels are saturated here."""
    config = TINY_RELEASE_MODEL.replace(
        image_size=64,
        mask_generator=TINY_RELEASE_MODEL.mask_generator.replace(
            block_expansion=16, max_features=96, blocks=3
        ),
    )
    saturated = []
    for seed in range(4):
        keras.utils.set_random_seed(seed)
        generator = build_networks(config).mask_generator
        mask = generator(random_frames(8, 64), training=True)[keys.MASK].numpy()
        inner = mask[:, 3:-3, 3:-3]
        saturated.append(np.mean(np.abs(inner - 0.5) > 0.48))
    assert np.mean(saturated) < 0.4
