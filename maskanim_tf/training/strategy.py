"""How a step is spread over devices and machines."""

from __future__ import annotations

import json
import os

import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored", "multiworker")


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The distribution strategy of a run; to be made before TensorFlow computes anything.

    Args:
      name: "one" device, "mirrored" over all GPUs (or logical CPU devices), "multiworker" over the
        machines that the environment variable TF_CONFIG lists, or "auto": mirrored where there are
        several GPUs.

    Raises:
      ValueError: no valid TF_CONFIG where one is needed.
    """
    if name == "multiworker":
        _check_cluster(os.environ.get("TF_CONFIG", ""))
        # It would announce every single collective operation.
        tf.get_logger().setLevel("WARNING")
        return tf.distribute.MultiWorkerMirroredStrategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    several_gpus = devices[0].device_type == "GPU" and len(devices) > 1
    if name == "mirrored" or (name == "auto" and several_gpus):
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the results: one of all that train together."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker"
        and resolver.task_id == 0
        and "chief" not in resolver.cluster_spec().jobs
    )


def _check_cluster(description: str) -> None:
    """Raises ValueError where TF_CONFIG does not say who this worker is among which."""
    example = (
        '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    try:
        settings = json.loads(description)
        task = settings["task"]
        addresses = settings["cluster"][task["type"]]
        known = 0 <= int(task["index"]) < len(addresses)
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ValueError(
            f"strategy is 'multiworker', but TF_CONFIG is {description!r}; set it on every "
            f"machine, such as {example}"
        )
