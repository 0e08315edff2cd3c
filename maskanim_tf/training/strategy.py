"""How a step is spread over devices."""

from __future__ import annotations

import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored")


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The distribution strategy of a run.

    Args:
      name: "one" device, "mirrored" over all GPUs (or logical CPU devices), or "auto": mirrored
        where there are several GPUs.

    Raises:
      ValueError: unknown name.
    """
    if name not in STRATEGIES:
        raise ValueError(f"strategy is {name!r}, but must be one of {', '.join(STRATEGIES)}")
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    several_gpus = devices[0].device_type == "GPU" and len(devices) > 1
    if name == "mirrored" or (name == "auto" and several_gpus):
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()
