import cv2
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.config import LossConfig
from maskanim_tf.config.sections import VGG_LAYERS
from maskanim_tf.losses import VGGFeatures, load_vgg
from maskanim_tf.losses.vgg import DEVIATION, MEAN, STAGES
from tests.helpers import random_frames

# Keras' names with kernel shapes up to relu3_1.
SHAPES = {
    "block1_conv1": (3, 3, 3, 64),
    "block1_conv2": (3, 3, 64, 64),
    "block2_conv1": (3, 3, 64, 128),
    "block2_conv2": (3, 3, 128, 128),
    "block3_conv1": (3, 3, 128, 256),
}
TORCHVISION = dict(zip(SHAPES, (0, 2, 5, 7, 10)))


@pytest.fixture(scope="module")
def arrays():
    """Random weights in the size range of real ones."""
    rng = np.random.default_rng(0)
    return {
        name: (
            rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape).astype(np.float32),
            rng.normal(0, 0.1, shape[3]).astype(np.float32),
        )
        for name, shape in SHAPES.items()
    }


def write_keras(path, arrays, top_group=None):
    """The layout of vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5, with its first layers."""
    with h5py.File(path, "w") as file:
        root = file.create_group(top_group) if top_group else file
        root.attrs["layer_names"] = [name.encode() for name in arrays]
        for name, (kernel, bias) in arrays.items():
            group = root.create_group(name)
            weight_names = [f"{name}_W_1:0", f"{name}_b_1:0"]
            group.attrs["weight_names"] = [item.encode() for item in weight_names]
            group[weight_names[0]], group[weight_names[1]] = kernel, bias


def write_torchvision(path, arrays):
    state = {}
    for name, (kernel, bias) in arrays.items():
        state[f"features.{TORCHVISION[name]}.weight"] = kernel.transpose(3, 2, 0, 1)
        state[f"features.{TORCHVISION[name]}.bias"] = bias
    np.savez(path, **state)


def numpy_features(inputs, arrays):
    """relu1_1, relu2_1 and relu3_1 of one image `[height, width, 3]` by OpenCV's filters."""
    features, outputs = inputs, {}
    for name, (kernel, bias) in arrays.items():
        if name in ("block2_conv1", "block3_conv1"):
            h, w, c = features.shape
            features = features.reshape(h // 2, 2, w // 2, 2, c).max((1, 3))
        planes = [
            sum(
                cv2.filter2D(
                    features[..., i], -1, kernel[..., i, o], borderType=cv2.BORDER_CONSTANT
                )
                for i in range(kernel.shape[2])
            )
            + bias[o]
            for o in range(kernel.shape[3])
        ]
        features = np.maximum(np.stack(planes, -1), 0)
        outputs[name] = features
    return {f"relu{s}_1": outputs[f"block{s}_conv1"] for s in (1, 2, 3)}


def test_torchvision_weights_agree_with_opencv(tmp_path, arrays):
    write_torchvision(tmp_path / "vgg.npz", arrays)
    network = load_vgg(LossConfig(vgg_weights=str(tmp_path / "vgg.npz")))
    image = random_frames(1, 16)
    expected = numpy_features((image[0] - np.float32(MEAN)) / np.float32(DEVIATION), arrays)
    for layer, features in network(image).items():
        np.testing.assert_allclose(features[0], expected[layer], atol=1e-3, err_msg=layer)


@pytest.mark.parametrize("top_group", [None, "model_weights"])
def test_keras_weights_see_caffe_input(tmp_path, arrays, top_group):
    """Keras' weights expect BGR in 0..255 minus a mean; features are divided by 255 deviations."""
    path = tmp_path / "vgg.h5"
    write_keras(path, arrays, top_group)
    network = load_vgg(LossConfig(vgg_weights=str(path)))
    image = random_frames(1, 16)
    caffe = keras.applications.vgg19.preprocess_input((image * 255).astype(np.float32))
    unit = 255 * np.mean(DEVIATION)
    expected = numpy_features(caffe[0], arrays)
    for layer, features in network(image).items():
        # The means of the two conventions differ by up to half an 8-bit step, hence the tolerance.
        inner = np.asarray(features)[0, 1:-1, 1:-1]
        np.testing.assert_allclose(inner, expected[layer][1:-1, 1:-1] / unit, atol=0.05)
        assert np.corrcoef(inner.ravel(), expected[layer][1:-1, 1:-1].ravel())[0, 1] > 0.9999


def test_only_the_needed_part_exists():
    assert VGGFeatures().count_params() == 555_328
    full = VGGFeatures(VGG_LAYERS, width=0.02)
    assert [conv.name for conv in full.convolutions] == [
        f"block{s + 1}_conv{c + 1}"
        for s, (_, count) in enumerate(STAGES)
        for c in range(count if s < 4 else 1)
    ]
    assert not VGGFeatures(width=0.1).trainable_variables


def test_layer_shapes():
    features = VGGFeatures(("relu1_1", "relu5_1"), width=0.05)(random_frames(2, 32))
    assert {key: tuple(value.shape) for key, value in features.items()} == {
        "relu1_1": (2, 32, 32, 3),
        "relu5_1": (2, 2, 2, 26),
    }


def test_sixteen_bits_are_near():
    images = random_frames(2, 32)
    config = LossConfig(vgg_weights="random", vgg_width=0.25)
    whole, half, left = (
        load_vgg(config, precision=precision)(images)
        for precision in ("float32", "mixed_bfloat16", "mixed_float16")
    )
    for layer, expected in whole.items():
        assert half[layer].dtype == tf.bfloat16
        np.testing.assert_array_equal(left[layer], expected)
        error = np.abs(tf.cast(half[layer], tf.float32) - expected)
        assert error.mean() < 0.01 * np.abs(expected).mean()


def test_random_weights_are_seeded_and_announced(caplog):
    config = LossConfig(vgg_weights="random", vgg_width=0.25)
    with caplog.at_level("WARNING"):
        first, same, other = (load_vgg(config, seed=seed) for seed in (1, 1, 2))
    assert "VGG-19 HAS RANDOM WEIGHTS" in caplog.text
    for a, b, c in zip(first.get_weights(), same.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(a, b)
        if a.ndim == 4:
            assert np.abs(a - c).max() > 0
            # He initialization: variance 2 / fan-in.
            assert a.var() == pytest.approx(2 / np.prod(a.shape[:3]), rel=0.3)


def test_without_a_network_imagenet_names_the_other_choices(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def no_network(*args, **kwargs):
        raise Exception("URL fetch failure")

    # Stands for a machine without a network, wherever the test runs.
    monkeypatch.setattr(keras.applications, "VGG19", no_network)
    with pytest.raises(RuntimeError, match=r"--vgg_weights=PATH .* or .* --vgg_weights=random"):
        load_vgg(LossConfig(vgg_weights="imagenet"))


def test_unusable_files(tmp_path, arrays):
    (tmp_path / "text.h5").write_text("no weights")
    partly = {name: arrays[name] for name in list(arrays)[:3]}
    write_keras(tmp_path / "partly.h5", partly)
    write_torchvision(tmp_path / "partly.npz", partly)
    write_torchvision(tmp_path / "wrong.npz", {**arrays, "block1_conv1": arrays["block1_conv2"]})
    for name, error, message in (
        ("absent.h5", FileNotFoundError, "vgg_weights names no file"),
        ("absent.npz", FileNotFoundError, "no weight file"),
        ("vgg.pth", ValueError, "but must be 'imagenet', 'random', or a path"),
        ("text.h5", ValueError, "not a VGG-19 weight file in Keras' HDF5 layout"),
        ("partly.h5", ValueError, "must hold the layers block1_conv1 to block3_conv1"),
        ("partly.npz", ValueError, r"lacks 'features\.7\.weight'"),
        ("wrong.npz", ValueError, "has block1_conv1 of shape"),
    ):
        with pytest.raises(error, match=message):
            load_vgg(LossConfig(vgg_weights=str(tmp_path / name)))
