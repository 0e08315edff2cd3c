import cv2
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.config import PerturbationConfig
from maskanim_tf.ops import addons
from maskanim_tf.ops.perturbation import (
    draw_noise,
    draw_strips,
    perturb_test,
    perturb_train,
    rho,
    scale_strips,
    shrink,
    threshold,
)
from maskanim_tf.ops.seeds import COLUMNS, ROWS
from tests.helpers import random_frames, sample_seeds

PAPER = PerturbationConfig()
RELEASE = PerturbationConfig(threshold="fixed", fixed_threshold=100 / 255, noise_sign="random")


def masks(batch=3, side=64):
    return random_frames(batch, side, channels=1)


def scale_axis(image, factor, centre, axis):
    """Scales a 2-D array along one axis about a centre by linear interpolation, zero outside."""
    positions = (np.arange(image.shape[axis]) - centre) / factor + centre

    def line(values):
        padded = np.concatenate(([0.0], values, [0.0]))
        grid = np.arange(-1, len(values) + 1)
        return np.interp(positions, grid, padded, left=0, right=0)

    return np.apply_along_axis(line, axis, image)


def numpy_scale_strips(image, edges, strip_factors, whole_factor):
    """One strip after the other, cut out and scaled alone."""
    result = np.zeros_like(image, float)
    for start, end, factor in zip(edges[:-1], edges[1:], strip_factors):
        strip = image[:, start:end]
        result[:, start:end] = scale_axis(strip, factor, (end - start - 1) / 2, axis=1)
    return scale_axis(result, whole_factor, (len(image) - 1) / 2, axis=0)


def test_median_threshold():
    for batch in (masks(), masks(side=16)[:, :15, :15]):
        expected = np.median(batch, axis=(1, 2, 3), keepdims=True)
        np.testing.assert_allclose(rho(tf.constant(batch), PAPER), expected, atol=1e-7)


def test_threshold_zeroes_what_is_below():
    batch = masks()
    result = threshold(tf.constant(batch), rho(tf.constant(batch), RELEASE))
    np.testing.assert_array_equal(result, np.where(batch < 100 / 255, 0, batch))


def shrunken(mask):
    """A mask at three quarters of its size, by OpenCV, in the middle of a black one."""
    inner = cv2.resize(mask, None, fx=0.75, fy=0.75)
    return np.pad(inner, len(mask) // 8)


@pytest.mark.parametrize("side", [16, 64])
def test_shrink_is_an_affine_scaling_about_the_centre(side):
    batch = masks(side=side)
    result = np.asarray(shrink(tf.constant(batch), 0.25))
    for mask, actual in zip(batch[..., 0], result[..., 0]):
        np.testing.assert_allclose(actual, shrunken(mask), atol=1e-5)
    # The same as an affine transform, which export formats lack.
    centre = (side - 1) / 2
    row = [4 / 3, 0, centre - centre * 4 / 3, 0, 4 / 3, centre - centre * 4 / 3, 0, 0]
    affine = addons.affine_transform(batch, np.float32([row] * len(batch)))
    np.testing.assert_allclose(result, affine, atol=1e-5)


def test_perturb_test_agrees_with_numpy():
    batch = masks()
    result = np.asarray(perturb_test(tf.constant(batch), PAPER))
    for mask, actual in zip(batch[..., 0], result[..., 0]):
        kept = np.where(mask < np.median(mask), 0, mask)
        np.testing.assert_allclose(actual, shrunken(kept), atol=1e-5)


def test_scaled_strips_agree_with_numpy():
    batch = masks()
    edges, strip_factors, whole_factors = draw_strips(sample_seeds((5, 6), 3), 64, COLUMNS, PAPER)
    result = np.asarray(scale_strips(tf.constant(batch), edges, strip_factors, whole_factors))
    for i, actual in enumerate(result):
        expected = numpy_scale_strips(
            batch[i, ..., 0], edges[i].numpy(), strip_factors[i].numpy(), float(whole_factors[i])
        )
        np.testing.assert_allclose(actual[..., 0], expected, atol=1e-4)


def test_drawn_strips_follow_the_paper():
    edges, strip_factors, whole_factors = (
        value.numpy() for value in draw_strips(sample_seeds((1, 1), 200), 64, COLUMNS, PAPER)
    )
    assert edges.shape == (200, 7)
    assert (edges[:, 0] == 0).all()
    assert (edges[:, -1] == 64).all()
    assert (np.diff(edges) > 0).all()
    # 23 % and 72 % of 64 pixels are 14.72 and 46.08.
    assert edges[:, 1:-1].min() == 15
    assert edges[:, 1:-1].max() == 46
    for factors in (strip_factors, whole_factors):
        assert factors.min() == pytest.approx(0.75, abs=0.02)
        assert factors.max() == pytest.approx(1.25, abs=0.02)


@pytest.mark.parametrize("config", [PAPER, RELEASE])
def test_noise_is_poisson(config):
    noise = 255 * draw_noise(sample_seeds((1, 1), 8), tf.TensorShape((64, 64, 1)), config).numpy()
    np.testing.assert_allclose(noise, np.round(noise), atol=1e-3)
    size = np.abs(noise)
    assert size.mean() == pytest.approx(20, abs=0.2)
    assert size.var() == pytest.approx(20, abs=1)
    if config.noise_sign == "random":
        assert (noise < 0).mean() == pytest.approx(0.5, abs=0.02)
    else:
        assert noise.min() >= 0
    assert np.abs(np.corrcoef(noise.reshape(8, -1)) - np.eye(8)).max() < 0.1


def test_perturb_train_is_its_steps_in_order():
    batch = masks()
    seeds = sample_seeds((7, 8), 3)
    result = np.asarray(perturb_train(tf.constant(batch), seeds, PAPER))
    columns, rows = (draw_strips(seeds, 64, use, PAPER) for use in (COLUMNS, ROWS))
    noise = draw_noise(seeds, tf.TensorShape((64, 64, 1)), PAPER).numpy()
    for i, mask in enumerate(batch[..., 0]):
        warped = numpy_scale_strips(mask, *(np.asarray(part[i]) for part in columns))
        warped = numpy_scale_strips(warped.T, *(np.asarray(part[i]) for part in rows)).T
        level = np.median(mask)
        # A pixel within rounding of the threshold may fall on either side of it.
        sure = np.abs(warped - level) > 1e-4
        expected = np.clip(np.where(warped < level, 0, warped) + noise[i, ..., 0], 0, 1)
        np.testing.assert_allclose(result[i, ..., 0][sure], expected[sure], atol=1e-4)
        assert sure.mean() > 0.99


@pytest.mark.parametrize("config", [PAPER, RELEASE])
def test_seed_decides_in_eager_and_graph_mode(config):
    batch = np.repeat(masks(1), 2, 0)
    seeds = sample_seeds((1, 2), 2)
    eager = perturb_train(tf.constant(batch), seeds, config).numpy()
    assert np.abs(eager[0] - eager[1]).max() > 0.1
    graph = tf.function(
        lambda m, s: perturb_train(m, s, config),
        input_signature=[
            tf.TensorSpec((None, 64, 64, 1), tf.float32),
            tf.TensorSpec((None, 2), tf.int32),
        ],
    )
    # A pixel within rounding of the threshold may differ.
    assert (np.abs(graph(batch, seeds).numpy() - eager) > 1e-5).mean() < 1e-3
    alone = perturb_train(tf.constant(batch[1:]), seeds[1:], config).numpy()
    np.testing.assert_array_equal(eager[1:], alone)
    other = perturb_train(tf.constant(batch), sample_seeds((1, 3), 2), config).numpy()
    assert np.abs(other - eager).max() > 0.1


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_sixteen_bit_types(dtype):
    batch = tf.cast(masks(), dtype)
    assert perturb_test(batch, PAPER).dtype == dtype
    assert perturb_train(batch, sample_seeds((1, 2), 3), PAPER).dtype == dtype


def test_no_gradient_passes():
    batch = tf.Variable(masks())
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(perturb_test(batch, PAPER))
        total += tf.reduce_sum(perturb_train(batch, sample_seeds((1, 2), 3), PAPER))
    assert tape.gradient(total, batch) is None
