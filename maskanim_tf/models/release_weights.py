"""Weights of the authors' published PyTorch networks, read into the `release` variant.

PyTorch's names and layouts (kernels OIHW) are translated to ours (HWIO). The arrays come from an
`.npz` file with the parameter names as keys, as `numpy.savez(path, **{name: tensor.numpy() ...})`
makes it from a state dict; a leading `weight/` in the keys is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from maskanim_tf.config import ModelConfig
from maskanim_tf.models.network import Network
from maskanim_tf.models.networks import Networks, build_networks, named_variables
from maskanim_tf.models.weights import read_arrays

# Our path -> pattern of the PyTorch name; the first group is a block number.
_LAYERS = (
    (r"hourglass/down_(\d+)", r"(?:hourglass|predictor)\.encoder\.down_blocks\.{}"),
    (r"hourglass/up_(\d+)", r"(?:hourglass|predictor)\.decoder\.up_blocks\.{}"),
    (r"residual_(\d+)", r"bottleneck\.r?{}"),
    (r"up_(\d+)", r"up_blocks\.{}"),
    (r"first()", r"first\.conv"),
    (r"norm()", r"first\.norm"),
    (r"final()", r"(?:ref|final)"),
)
_PARAMETERS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def read_release(folder: str, config: ModelConfig) -> Networks:
    """Networks with the weights of a folder, which holds one `<network>.npz` for each of the four.

    Raises:
      FileNotFoundError: a file is not there.
      ValueError: it is damaged, or holds the weights of another network.
    """
    networks = build_networks(config)
    for network in networks:
        assign_release_weights(network, read_arrays(Path(folder, f"{network.name}.npz")))
    return networks


def assign_release_weights(network: Network, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets every variable of a network from PyTorch parameters; on an error none has changed.

    Raises:
      ValueError: a parameter is missing or has another shape.
    """
    parameters = {key.removeprefix("weight/"): value for key, value in arrays.items()}
    values = {}
    variables = named_variables(network)
    for path, variable in variables.items():
        pattern = release_pattern(path)
        matches = [name for name in parameters if re.fullmatch(pattern, name)]
        if len(matches) != 1:
            raise ValueError(
                f"{network.name}/{path}: {len(matches)} parameters match {pattern}, but exactly "
                "one must; are these the weights of this network?"
            )
        value = np.asarray(parameters[matches[0]], np.float32)
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        if value.shape != tuple(variable.shape):
            raise ValueError(
                f"{network.name}/{path} has shape {tuple(variable.shape)}, but {matches[0]} has "
                f"{value.shape} in the same layout; build the network with the widths of "
                "the weights"
            )
        values[path] = value
    for path, value in values.items():
        variables[path].assign(value)


def release_pattern(path: str) -> str:
    """A regular expression for the PyTorch name of one of our variables."""
    layer, parameter = path.rsplit("/", 1)
    for ours, theirs in _LAYERS:
        match = re.match(ours + r"(?:/|$)", layer)
        if match:
            inner = layer[match.end() :].replace("/", r"\.")
            parts = (theirs.format(match.group(1)), inner, _PARAMETERS[parameter])
            return r"\.".join(part for part in parts if part)
    raise ValueError(f"no PyTorch name is known for {path}")
