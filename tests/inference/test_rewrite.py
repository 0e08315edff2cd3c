import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.inference import rewrite
from maskanim_tf.inference.layers import Convolution, SubPixelConvolution, sub_pixel_kernel
from maskanim_tf.models import ABLATIONS
from tests.animators import ODD_MODEL, scrambled_animator
from tests.helpers import TINY_MODEL, TINY_RELEASE_MODEL, random_frames

SOURCE, DRIVING = random_frames(2), random_frames(2, seed=1)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("model", [TINY_MODEL, TINY_RELEASE_MODEL, ODD_MODEL])
def test_every_intermediate_stays(model, shared):
    animator = scrambled_animator(model)
    inputs = {names.SOURCE: SOURCE, names.DRIVING: DRIVING}
    expected, result = animator(inputs), rewrite(animator, shared)(inputs)
    assert set(result) == set(expected)
    for key, value in expected.items():
        # Borders are part of the comparison.
        np.testing.assert_allclose(result[key], value, atol=2e-5, err_msg=key)
        assert key in (names.SOURCE, names.DRIVING) or np.std(value) > 1e-3


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_ablations_and_encoded_sources(ablation):
    animator = scrambled_animator(ablation=ablation)
    form = rewrite(animator, sub_pixel=False)
    expected = animator.animate(animator.encode_source(SOURCE[:1]), DRIVING)
    result = form.animate(form.encode_source(SOURCE[:1]), DRIVING)
    np.testing.assert_allclose(result[names.FRAME], expected[names.FRAME], atol=2e-5)


def operations(form):
    frames = tf.TensorSpec((None, 32, 32, 3), tf.float32)
    function = tf.function(form.__call__).get_concrete_function(
        {names.SOURCE: frames, names.DRIVING: frames}
    )
    graph = function.graph.as_graph_def()
    inner = [node for part in graph.library.function for node in part.node_def]
    return {node.op for node in [*graph.node, *inner]}


def test_the_graph_holds_no_batch_norm_and_no_up_sampling_by_two():
    animator = scrambled_animator()
    # What Keras makes of a batch norm, of up-sampling, and of weights.
    removed = {"Rsqrt", "ResizeNearestNeighbor", "ReadVariableOp"}
    assert removed <= operations(animator)
    after = operations(rewrite(animator))
    assert not removed & after
    assert "DepthToSpace" in after


@pytest.mark.parametrize(("height", "width", "channels", "filters"), [(1, 1, 1, 1), (3, 5, 3, 7)])
def test_sub_pixel_convolution_by_hand(height, width, channels, filters):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, height, width, channels))
    kernel = rng.normal(size=(3, 3, channels, filters))
    large = np.pad(inputs.repeat(2, 1).repeat(2, 2), ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = sum(
        large[:, i : i + 2 * height, j : j + 2 * width] @ kernel[i, j]
        for i in range(3)
        for j in range(3)
    )
    convolution = Convolution(sub_pixel_kernel(kernel), np.zeros(4 * filters), "valid")
    np.testing.assert_allclose(SubPixelConvolution(convolution)(inputs), expected, atol=1e-12)


def test_the_original_is_not_changed():
    animator = scrambled_animator()
    before = [np.array(v) for v in animator.high_res_generator.weights]
    rewrite(animator)
    for old, new in zip(before, animator.high_res_generator.weights):
        np.testing.assert_array_equal(old, new)
