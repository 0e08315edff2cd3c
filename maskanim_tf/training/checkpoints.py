"""Checkpoints of a run: single files, whole or absent, local or in an object store.

`step-00000500.npz` holds the networks as `models.load_weights` reads them, what the optimizers
remember (`optimizers/...`), and as JSON the state and the configuration. Where a run averages its
weights, the averages are the networks, and the weights themselves stand under `raw/...`.
`best.npz` is the same, of the lowest validation L1. The position in the epoch follows from the
step, and so does every random choice, since each depends on the seed and on the number of its
sample alone.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil

import keras
import numpy as np

from maskanim_tf.models.checkpoint import CONFIG, stored_config
from maskanim_tf.models.weights import (
    assign_weights,
    local_value,
    read_arrays,
    weight_arrays,
    write_arrays,
)
from maskanim_tf.storage.locations import join, list_folder, remove
from maskanim_tf.storage.remote import scheme_of
from maskanim_tf.training.optimizers import optimizer_variables
from maskanim_tf.training.trainer import Trainer

BEST = "best.npz"
STATE, RAW = "state", "raw/"


@dataclasses.dataclass(frozen=True)
class State:
    """What a run needs to go on, besides variables.

    Attributes:
      step: number of finished steps.
      best_l1: lowest validation L1 so far, across identities where training is.
    """

    step: int = 0
    best_l1: float = math.inf


class Checkpoints:
    """The checkpoints of one run.

    Args:
      location: folder or address that they are kept in.
      keep: how many of the last ones stay; the best one stays besides.
    """

    def __init__(self, location: str, keep: int = 3):
        self.location = location
        self.keep = keep

    def save(self, trainer: Trainer, state: State, name: str = "") -> str:
        """Writes a checkpoint, then removes those that are too many; returns where it is.

        Raises:
          OSError: it cannot be written; earlier checkpoints stay as they are.
        """
        path = join(self.location, name or f"step-{state.step:08d}.npz")
        averaged = weight_arrays(trainer.networks) if trainer.averages else {}
        write_arrays(
            path,
            {
                **weight_arrays(trainer.results),
                **{RAW + key: value for key, value in averaged.items()},
                **{k: local_value(v) for k, v in _optimizer_variables(trainer).items()},
                STATE: np.array(json.dumps(dataclasses.asdict(state))),
                CONFIG: np.array(json.dumps(trainer.config.to_dict())),
            },
        )
        for old in self.steps()[: -self.keep]:
            remove(old)
        return path

    def check_space(self, trainer: Trainer) -> None:
        """Raises OSError where a local disk has no room for all checkpoints that will be kept."""
        if scheme_of(self.location):
            return
        values = [v for network in trainer.networks for v in network.weights]
        values *= 2 if trainer.averages else 1
        values += _optimizer_variables(trainer).values()
        # The kept ones, the best one, and the one being written.
        needed = (self.keep + 2) * sum(4 * math.prod(value.shape) for value in values)
        os.makedirs(self.location, exist_ok=True)
        free = shutil.disk_usage(self.location).free
        if free < needed:
            raise OSError(
                f"{self.location} has {free / 2**20:.0f} MiB left, but its checkpoints need "
                f"{needed / 2**20:.0f} MiB; free some space, or choose a smaller --keep or another "
                "--checkpoint_dir"
            )

    def steps(self) -> list[str]:
        """All checkpoints but the best, the oldest first."""
        files = [name for name in list_folder(self.location) if name.startswith("step-")]
        return [join(self.location, name) for name in files]

    def restore(self, trainer: Trainer) -> State:
        """Sets all variables from the last checkpoint.

        Raises:
          FileNotFoundError: there is none.
          ValueError: it is damaged, or was made with another configuration of networks.
        """
        if not self.steps():
            raise FileNotFoundError(
                f"no checkpoint in {self.location} to resume from; start without --resume"
            )
        path = self.steps()[-1]
        arrays = read_arrays(path)
        variables = _optimizer_variables(trainer)
        missing = sorted({*variables, STATE, CONFIG} - set(arrays))
        if missing:
            raise ValueError(f"{path} lacks {missing[0]}: it is no checkpoint of a run")
        config = stored_config(arrays, path)
        if config.model.in_training != trainer.config.model.in_training:
            raise ValueError(
                f"{path} was made with networks of another configuration; resume with the flags "
                "of that run, or choose another --run_dir"
            )
        # A run that begins or ceases to average goes on with what there is.
        raw = {key[len(RAW) :]: value for key, value in arrays.items() if key.startswith(RAW)}
        assign_weights(trainer.networks, raw or arrays, path)
        if trainer.averages:
            assign_weights(trainer.averages, arrays, path)
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return State(**json.loads(str(arrays[STATE])))


def _optimizer_variables(trainer: Trainer) -> dict[str, keras.Variable]:
    return {
        f"optimizers/{term}/{index:04d}": variable
        for term, optimizer in trainer.optimizers.items()
        for index, variable in enumerate(optimizer_variables(optimizer))
    }
