"""From one weight file to a ready `Animator`: what every command that uses trained networks needs.

A weight file is a checkpoint of a run, or any `.npz` with the same arrays; its configuration is in
it. `models.presets` says which names there are besides paths.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from maskanim_tf.config import Config
from maskanim_tf.models.method import NONE, Animator
from maskanim_tf.models.networks import Networks, build_networks
from maskanim_tf.models.presets import find_weights, inference_settings
from maskanim_tf.models.weights import assign_weights, read_arrays, weight_arrays, write_arrays

CONFIG = "config"


def load_animator(
    checkpoint: str | os.PathLike[str] = "", ablation: str = NONE
) -> tuple[Animator, Config]:
    """The networks of a weight file, ready to animate, and the configuration of their training.

    Args:
      checkpoint: name, path or address of a weight file; the embedded one by default.
      ablation: see `Animator`.

    Raises:
      FileNotFoundError: no such file.
      ValueError: it is damaged, or holds no configuration.
    """
    path = find_weights(checkpoint)
    arrays = read_arrays(path)
    config = stored_config(arrays, path)
    config = config.replace(model=config.model.replace(**inference_settings(path)))
    networks = build_networks(config.model)
    assign_weights(networks, arrays, path)
    return Animator(config.model, config.perturbation, networks, ablation), config


def stored_config(arrays: dict[str, np.ndarray], path: object) -> Config:
    """The configuration inside a weight file.

    Raises:
      ValueError: there is none.
    """
    if CONFIG not in arrays:
        raise ValueError(
            f"{path} holds no configuration: it is no checkpoint of a run; give a step-*.npz or "
            "best.npz of a run's checkpoints"
        )
    return Config.from_dict(json.loads(str(arrays[CONFIG])))


def write_weights(path: str | os.PathLike[str], networks: Networks, config: Config) -> int:
    """Writes networks in float16 with their configuration; returns the number of values.

    Every command that takes a checkpoint takes the file as well.
    """
    arrays = {key: value.astype(np.float16) for key, value in weight_arrays(networks).items()}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {**arrays, CONFIG: np.array(json.dumps(config.to_dict()))})
    return sum(value.size for value in arrays.values())
