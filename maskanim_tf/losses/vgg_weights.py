"""Where the weights of VGG-19 come from: Keras' download, a local file, or a seeded draw.

Keras' weights expect the Caffe convention: BGR, 0 to 255, mean subtracted, not divided. They are
converted once to normalized RGB by folding the difference into the first kernel, and all features
are divided by the ImageNet deviation in 8-bit units (biases divided, ReLU being homogeneous),
which brings them to the size that the paper's loss weights were chosen for.
"""

from __future__ import annotations

import logging
import os

import h5py
import keras
import numpy as np

from maskanim_tf.config import LossConfig
from maskanim_tf.losses.vgg import DEVIATION, VGGFeatures
from maskanim_tf.models.weights import read_arrays

_log = logging.getLogger(__name__)

Weights = dict[str, tuple[np.ndarray, np.ndarray]]


def load_vgg(config: LossConfig, seed: int = 0, precision: str = "float32") -> VGGFeatures:
    """The features that a loss configuration asks for, with their weights.

    Args:
      config: which layers, and where their weights come from.
      seed: of random weights.
      precision: `TrainingConfig.precision`. float16 is left to the networks: it could not hold the
        features' small gradients beside those of the masks.

    Raises:
      FileNotFoundError: `vgg_weights` names no file.
      ValueError: the file cannot be read or lacks a layer.
      RuntimeError: `imagenet` cannot be downloaded.
    """
    features = VGGFeatures(
        config.vgg_layers,
        config.vgg_width,
        seed,
        precision if precision == "mixed_bfloat16" else "float32",
    )
    source = config.vgg_weights
    if source == "random":
        _log.warning(
            "VGG-19 HAS RANDOM WEIGHTS (vgg_weights=random, width %g): results will be weaker than "
            "the paper's. Use --vgg_weights=imagenet or a file for real training.",
            config.vgg_width,
        )
        return features
    if source == "imagenet":
        weights = _caffe_to_normalized(_download(features))
    elif source.endswith(".h5"):
        weights = _caffe_to_normalized(_read_keras(source, features))
    elif source.endswith(".npz"):
        weights = _read_torchvision(source, features)
    else:
        raise ValueError(
            f"vgg_weights is {source!r}, but must be 'imagenet', 'random', or a path that ends in "
            ".h5 (Keras layout) or .npz (torchvision layout)"
        )
    for conv in features.convolutions:
        kernel, bias = weights[conv.name]
        if kernel.shape != tuple(conv.kernel.shape) or bias.shape != tuple(conv.bias.shape):
            raise ValueError(
                f"{source} has {conv.name} of shape {kernel.shape}, but VGG-19 has "
                f"{tuple(conv.kernel.shape)}"
            )
    for conv in features.convolutions:
        conv.set_weights(weights[conv.name])
    return features


def _download(features: VGGFeatures) -> Weights:
    try:
        model = keras.applications.VGG19(include_top=False, weights="imagenet")
    except Exception as error:
        # Keras raises a bare Exception for any failed download.
        raise RuntimeError(
            "the ImageNet weights of VGG-19 could not be downloaded "
            f"({error}); give a local file with --vgg_weights=PATH (.h5 or .npz), or train without "
            "them with --vgg_weights=random"
        ) from error
    return {
        conv.name: tuple(model.get_layer(conv.name).get_weights()) for conv in features.convolutions
    }


def _read_keras(path: str, features: VGGFeatures) -> Weights:
    """Reads the HDF5 layout that Keras publishes VGG-19 in, with or without the top."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"vgg_weights names no file: {path}")
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            weights = {}
            for conv in features.convolutions:
                group = root[conv.name]
                arrays = [np.asarray(group[name]) for name in group.attrs["weight_names"]]
                weights[conv.name] = (arrays[0], arrays[1])
            return weights
    except (OSError, KeyError, IndexError) as error:
        raise ValueError(
            f"{path} is not a VGG-19 weight file in Keras' HDF5 layout ({error}); it must hold the "
            f"layers {features.convolutions[0].name} to {features.convolutions[-1].name}"
        ) from error


def _read_torchvision(path: str, features: VGGFeatures) -> Weights:
    """Reads torchvision's state dict of VGG-19, stored as `.npz` under its parameter names."""
    arrays = read_arrays(path)
    weights = {}
    stages = [(stage, conv) for stage, convs in enumerate(features.stages) for conv in convs]
    for number, (stage, conv) in enumerate(stages):
        # After each convolution it counts a ReLU, after each stage a pooling.
        name = f"features.{2 * number + stage}"
        try:
            kernel, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        except KeyError as error:
            raise ValueError(
                f"{path} lacks {error.args[0]!r}: save torchvision's state dict of vgg19 under its "
                "own names with numpy.savez"
            ) from error
        weights[conv.name] = (kernel.transpose(2, 3, 1, 0), bias)
    return weights


def _caffe_to_normalized(weights: Weights) -> Weights:
    """Weights for BGR input in 0..255 without division, as weights for normalized RGB input."""
    unit = 255 * float(np.mean(DEVIATION))
    converted = {name: (kernel, bias / unit) for name, (kernel, bias) in weights.items()}
    first = next(iter(weights))
    rgb = weights[first][0][:, :, ::-1, :] * (255 * np.asarray(DEVIATION))[:, None]
    converted[first] = (rgb / unit, converted[first][1])
    return converted
