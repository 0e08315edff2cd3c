import sys

import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.inference import Rewritten, rewrite
from maskanim_tf.inference.plain_layers import (
    BlockConvolution,
    Convolution,
    SubPixelConvolution,
    TransposedConvolution,
    WinogradUpConvolution,
    sub_pixel_kernel,
    turned_kernel,
)
from maskanim_tf.models import ABLATIONS
from maskanim_tf.ops.convolutions import block_kernel, spread_kernel
from tests.animators import ODD_MODEL, scrambled_animator
from tests.helpers import TINY_MODEL, TINY_RELEASE_MODEL, random_frames

SOURCE, DRIVING = random_frames(2), random_frames(2, seed=1)


@pytest.mark.parametrize("form", [{}, {"shared": True}, {"winograd": True}, {"blocks": False}])
@pytest.mark.parametrize(
    "model",
    [TINY_MODEL, TINY_RELEASE_MODEL, ODD_MODEL, TINY_RELEASE_MODEL.replace(correspondence=5)],
)
def test_every_intermediate_stays(model, form):
    animator = scrambled_animator(model)
    inputs = {keys.SOURCE: SOURCE, keys.DRIVING: DRIVING}
    expected, result = animator(inputs), rewrite(animator, **form)(inputs)
    assert set(result) == set(expected)
    for key, value in expected.items():
        # Borders are part of the comparison.
        np.testing.assert_allclose(result[key], value, atol=2e-5, err_msg=key)
        assert key in (keys.SOURCE, keys.DRIVING) or np.std(value) > 1e-3


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_ablations_and_encoded_sources(ablation):
    animator = scrambled_animator(ablation=ablation)
    form = rewrite(animator)
    expected = animator.animate(animator.encode_source(SOURCE[:1]), DRIVING)
    result = form.animate(form.encode_source(SOURCE[:1]), DRIVING)
    np.testing.assert_allclose(result[keys.FRAME], expected[keys.FRAME], atol=2e-5)


def operations(form):
    frames = tf.TensorSpec((None, 32, 32, 3), tf.float32)
    function = tf.function(form.__call__).get_concrete_function(
        {keys.SOURCE: frames, keys.DRIVING: frames}
    )
    graph = function.graph.as_graph_def()
    inner = [node for part in graph.library.function for node in part.node_def]
    return {node.op for node in [*graph.node, *inner]}


def test_the_graph_holds_no_batch_norm_and_no_up_sampling_by_two():
    animator = scrambled_animator()
    # What Keras makes of a batch norm, of up-sampling, and of weights.
    removed = {"Rsqrt", "Conv2DBackpropInput", "ReadVariableOp"}
    assert removed <= operations(animator)
    after = operations(rewrite(animator))
    assert not removed & after
    assert "DepthToSpace" in after


def convolve(inputs, kernel):
    """A convolution with zero borders, pixel by pixel."""
    size = len(kernel)
    height, width = inputs.shape[1:3]
    border = (size // 2, size // 2)
    padded = np.pad(inputs, ((0, 0), border, border, (0, 0)))
    return sum(
        padded[:, i : i + height, j : j + width] @ kernel[i, j]
        for i in range(size)
        for j in range(size)
    )


@pytest.mark.parametrize(("height", "width", "channels", "filters"), [(1, 1, 1, 1), (3, 5, 3, 7)])
def test_up_sampling_convolutions_by_hand(height, width, channels, filters):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, height, width, channels))
    kernel = rng.normal(size=(3, 3, channels, filters))
    bias = rng.normal(size=filters)
    expected = convolve(inputs.repeat(2, 1).repeat(2, 2), kernel) + bias
    interleaved = SubPixelConvolution(
        Convolution(sub_pixel_kernel(kernel), np.tile(bias, 4), "valid")
    )
    spread = TransposedConvolution(spread_kernel(kernel).numpy(), bias, stride=2)
    for layer in (interleaved, spread):
        np.testing.assert_allclose(layer(inputs), expected, atol=1e-12)
    wide = WinogradUpConvolution(kernel, bias)
    for wide.large in (1, 32):
        np.testing.assert_allclose(wide(inputs), np.maximum(expected, 0), atol=1e-12)


@pytest.mark.parametrize("size", [3, 7])
@pytest.mark.parametrize(("height", "width"), [(2, 2), (4, 10)])
def test_last_convolutions_by_hand(height, width, size):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, height, width, 5))
    kernel, bias = rng.normal(size=(size, size, 5, 3)), rng.normal(size=3)
    expected = convolve(inputs, kernel) + bias
    blocks = BlockConvolution(Convolution(block_kernel(kernel).numpy(), np.tile(bias, 4), stride=2))
    for layer in (blocks, TransposedConvolution(turned_kernel(kernel), bias)):
        np.testing.assert_allclose(layer(inputs), expected, atol=1e-12)


def test_the_original_is_not_changed():
    animator = scrambled_animator()
    before = [np.array(v) for v in animator.networks.high_res_generator.weights]
    rewrite(animator)
    for old, new in zip(before, animator.networks.high_res_generator.weights):
        np.testing.assert_array_equal(old, new)


def test_compact_forms_keep_kernels_as_trained(monkeypatch):
    monkeypatch.setattr(sys.modules[Rewritten.__module__], "LARGE_KERNEL", 0)
    animator = scrambled_animator(ODD_MODEL)
    inputs = {keys.SOURCE: SOURCE, keys.DRIVING: DRIVING}
    form = rewrite(animator, compact=True)
    np.testing.assert_allclose(form(inputs)[keys.FRAME], animator(inputs)[keys.FRAME], atol=2e-5)
    block = form.networks.high_res_generator.hourglass.up_blocks[0]
    trained = animator.networks.high_res_generator.hourglass.up_blocks[0].conv.kernel
    assert block.convolution.kernel.shape == tuple(trained.shape)
