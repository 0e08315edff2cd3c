"""The weights of all networks in one `.npz` file that Keras 2 and Keras 3 both read.

Keys are `<network>/<path of the variable>`, values float32 or float16 in Keras layouts.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping

import numpy as np

from maskanim_tf.files import atomic_path
from maskanim_tf.models.network import Network
from maskanim_tf.models.networks import Networks, named_variables


def save_weights(networks: Networks, path: str | os.PathLike[str]) -> None:
    """Writes every variable, batch-norm statistics included; the file appears only when whole."""
    arrays = {
        f"{network.name}/{name}": np.asarray(variable)
        for network in networks
        for name, variable in named_variables(network).items()
    }
    with atomic_path(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


def load_weights(networks: Networks, path: str | os.PathLike[str]) -> None:
    """Reads what `save_weights` wrote; on an error no variable has changed.

    Raises:
      FileNotFoundError: no such file.
      ValueError: the file is damaged, or made for networks of another shape.
    """
    arrays = read_arrays(path)
    for network in networks:
        prefix = f"{network.name}/"
        own = {key[len(prefix) :]: value for key, value in arrays.items() if key.startswith(prefix)}
        _check(network, own, path)
    for network in networks:
        for name, variable in named_variables(network).items():
            variable.assign(arrays[f"{network.name}/{name}"].astype(np.float32))


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` file.

    Raises:
      FileNotFoundError: no such file.
      ValueError: it is not a whole `.npz` file.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no weight file {path}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zipfile.error) as error:
        raise ValueError(
            f"{path} is not a readable .npz weight file ({error}); copy or export it again"
        ) from error


def _check(network: Network, arrays: Mapping[str, np.ndarray], path: object) -> None:
    """Raises ValueError where an array is missing, superfluous or of another shape."""
    variables = named_variables(network)
    remedy = "; build the networks with the configuration that these weights were trained with"
    different = sorted(set(variables) ^ set(arrays))
    if different:
        problem = "lacks" if different[0] in variables else "has the unknown"
        raise ValueError(f"{path} {problem} {network.name}/{different[0]}{remedy}")
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise ValueError(
                f"{path} has {network.name}/{name} of shape {arrays[name].shape}, but the network "
                f"needs {tuple(variable.shape)}{remedy}"
            )
