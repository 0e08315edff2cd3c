import keras
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.config import default_config
from maskanim_tf.models import build_networks
from maskanim_tf.models.convolution import Convolution
from tests.helpers import TINY_RELEASE_MODEL, random_frames


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
    config = default_config("release").model
    config = TINY_RELEASE_MODEL.replace(
        image_size=64,
        temperature=config.temperature,
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
