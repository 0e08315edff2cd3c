import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.losses import load_vgg
from maskanim_tf.models.correspondence import NEARNESS, Correspondence
from maskanim_tf.training.trainer import COARSE, Trainer
from tests.helpers import TINY_CONFIG, TINY_MODEL, random_frames

SIDE = 32


def built():
    keras.utils.set_random_seed(0)
    layer = Correspondence(8, "norm_relu")
    layer(masks_and_picture())
    return layer


def masks_and_picture(batch=1):
    return (
        random_frames(batch, SIDE, 1, seed=1),
        random_frames(batch, SIDE, 1, seed=2),
        random_frames(batch, 2 * SIDE),
    )


def silence(*layers):
    for layer in layers:
        layer.set_weights([0 * value for value in layer.get_weights()])


def test_places_prefer_near_ones_by_hand():
    layer = built()
    # Without descriptors all places look alike, and distance alone decides.
    silence(layer.describe, layer.correct)
    *masks, _ = masks_and_picture()
    # Brightness tells the row of a pixel.
    rows = np.arange(2 * SIDE, dtype=np.float32)
    picture = np.tile(rows[:, np.newaxis, np.newaxis], (1, 1, 2 * SIDE, 1)) / 100
    (fetched,) = layer((*masks, picture))
    # In blocks of 4x4 pixels: in the middle of the picture near ones lie on all sides, at its
    # border on one side.
    blocks = np.arange(SIDE // 2)
    for block in (SIDE // 4, 1, 0):
        weights = np.exp(-((blocks - block) ** 2) / (2 * NEARNESS**2))
        step = (weights * (blocks - block)).sum() / weights.sum()
        # Between the centres of two blocks the step is interpolated; the centre is between pixels.
        seen = fetched[0, 4 * block + 1 : 4 * block + 3, SIDE, 0].numpy().mean()
        expected = (4 * block + 1.5 + 4 * step) / 100
        assert seen == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_near_places_alone_leave_the_picture_as_it_is(scale):
    layer = built()
    silence(layer.correct)
    layer.locality.assign(100.0)
    *masks, _ = masks_and_picture()
    picture = random_frames(1, scale * SIDE)
    (fetched,) = layer((*masks, picture))
    np.testing.assert_allclose(fetched, picture, atol=1e-4)


def test_the_last_convolution_corrects_every_pixel_of_the_masks():
    layer = built()
    layer.locality.assign(100.0)
    silence(layer.correct)
    kernel, bias = layer.correct.get_weights()
    layer.correct.set_weights([kernel, bias + np.float32([1, -2])])
    *masks, picture = masks_and_picture()
    fetched = layer((*masks, picture, masks[0]))
    # A picture of twice the size moves twice as far: one down and two to the left in the masks.
    np.testing.assert_allclose(fetched[1][0, :-1, 2:], masks[0][0, 1:, :-2], atol=1e-5)
    np.testing.assert_allclose(fetched[0][0, :-2, 4:], picture[0, 2:, :-4], atol=1e-5)


def test_it_learns_where_things_went():
    layer = built()
    adam = keras.optimizers.Adam(0.01)
    variables = layer.trainable_variables

    @tf.function
    def step(small, shift):
        mask = tf.reduce_mean(small, -1, keepdims=True)
        moved, moved_mask = (tf.roll(each, shift, (1, 2)) for each in (small, mask))
        with tf.GradientTape() as tape:
            (fetched,) = layer((mask, moved_mask, small), training=True)
            loss = tf.reduce_mean(tf.abs(fetched - moved))
        adam.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss, tf.reduce_mean(tf.abs(small - moved))

    rng = np.random.default_rng(0)
    ratios = []
    for number in range(60):
        small = tf.image.resize(random_frames(2, 8, seed=number), (SIDE, SIDE), "bicubic")
        loss, still = step(small, tf.constant(2 * rng.integers(1, 4, 2)))
        ratios.append(float(loss / still))
    assert np.mean(ratios[-5:]) < 0.9 * np.mean(ratios[:5])


def test_it_is_rebuilt_from_its_keras_configuration():
    layer = built()
    copy = Correspondence.from_config(layer.get_config())
    inputs = masks_and_picture(2)
    copy(inputs)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(inputs)[0], layer(inputs)[0])


def test_masks_must_divide():
    with pytest.raises(ValueError, match="multiple of 16"):
        TINY_MODEL.replace(mask_scale=0.25, correspondence=4)


def test_what_was_fetched_is_compared_with_the_target():
    model = TINY_MODEL.replace(correspondence=4)
    config = TINY_CONFIG.replace(model=model)
    features = load_vgg(config.loss, config.seed)
    frames = random_frames(2, model.image_size)
    batch = {
        keys.SOURCE: frames,
        keys.DRIVING: frames[::-1],
        keys.TARGET: np.zeros_like(frames),
        keys.SEEDS: np.zeros((2, 2), np.int32),
    }
    terms = []
    for weight in (0.0, 10.0, 20.0):
        keras.utils.set_random_seed(1)
        trainer = Trainer(config.replace(loss=config.loss.replace(fetched_weight=weight)), features)
        terms.append(trainer.losses_of(batch)[COARSE].numpy())
    # What is fetched has the brightness of the source, and the target is black.
    np.testing.assert_allclose(terms[1] - terms[0], 10 * frames.mean((1, 2, 3)), rtol=0.2)
    np.testing.assert_allclose(terms[2] - terms[0], 2 * (terms[1] - terms[0]), rtol=1e-3)
