"""The weights of all networks in one `.npz` file that Keras 2 and Keras 3 both read.

Keys are `<network>/<path of the variable>`, values float32 or float16 in Keras layouts. The file
may hold more; a checkpoint of a training run does. Files may be local or in an object store.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterable, Mapping

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf.models.network import Network
from maskanim_tf.models.networks import Networks, named_variables
from maskanim_tf.storage.locations import read_file, whole_file


def weight_arrays(networks: Networks) -> dict[str, np.ndarray]:
    """Every variable of every network under its key."""
    return {
        f"{network.name}/{name}": local_value(variable)
        for network in networks
        for name, variable in named_variables(network).items()
    }


def local_value(variable: keras.Variable) -> np.ndarray:
    """The value on this machine's first device: to read it, no other worker is needed."""
    # Keras 3 wraps TensorFlow's variable. A distributed one has one component per device.
    inner = variable if isinstance(variable, tf.Variable) else variable.value
    return np.asarray(getattr(inner, "values", (inner,))[0])


def fingerprint(network: Network) -> str:
    """A short name of a network's weights, the same before and after they are stored in 16 bits."""
    digest = hashlib.sha256()
    for name, variable in sorted(named_variables(network).items()):
        digest.update(name.encode())
        digest.update(local_value(variable).astype(np.float16).tobytes())
    return digest.hexdigest()[:16]


def load_weights(networks: Iterable[Network], path: str | os.PathLike[str]) -> None:
    """Sets all variables of networks from a weight file; on an error no variable has changed.

    Raises:
      FileNotFoundError: no such file.
      ValueError: the file is damaged, or made for networks of another shape.
    """
    assign_weights(networks, read_arrays(path), path)


def assign_weights(
    networks: Iterable[Network], arrays: Mapping[str, np.ndarray], path: str | os.PathLike[str]
) -> None:
    """Sets all variables from arrays that were read from `path`; see `load_weights`."""
    networks = tuple(networks)
    for network in networks:
        prefix = f"{network.name}/"
        own = {key[len(prefix) :]: value for key, value in arrays.items() if key.startswith(prefix)}
        _check(network, own, path)
    for network in networks:
        for name, variable in named_variables(network).items():
            variable.assign(arrays[f"{network.name}/{name}"].astype(np.float32))


def assign_matching(networks: Iterable[Network], arrays: Mapping[str, np.ndarray]) -> list[str]:
    """Sets the variables that have an array of their name and shape; returns the keys of others."""
    left = []
    for network in networks:
        for name, variable in named_variables(network).items():
            array = arrays.get(f"{network.name}/{name}")
            if array is None or array.shape != tuple(variable.shape):
                left.append(f"{network.name}/{name}")
            else:
                variable.assign(array.astype(np.float32))
    return left


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an `.npz` file, local or in an object store; it appears only when whole."""
    with whole_file(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` file, local or in an object store.

    Raises:
      FileNotFoundError: no such file.
      ValueError: it is not a whole `.npz` file.
    """
    try:
        content = read_file(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f"no weight file {path}") from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return dict(archive)
    # A lone array is no context manager, which is an AttributeError or a TypeError.
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.error) as error:
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
