"""The four networks together, built and ready."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.models.high_res_generator import HighResGenerator
from maskanim_tf.models.low_res_generator import LowResGenerator
from maskanim_tf.models.mask_generator import MaskGenerator
from maskanim_tf.models.mask_refiner import MaskRefiner
from maskanim_tf.models.network import Network


class Networks(NamedTuple):
    """The paper's m, r, l and h."""

    mask_generator: MaskGenerator
    mask_refiner: MaskRefiner
    low_res_generator: LowResGenerator
    high_res_generator: HighResGenerator


def build_networks(config: ModelConfig, precision: str | None = None) -> Networks:
    """Creates the four networks with all their variables.

    Under a distribution strategy call it inside the strategy's scope: variables are made here, not
    at the first step.

    Args:
      config: sizes and options.
      precision: Keras' name of the types to compute in, such as "mixed_bfloat16"; by default what
        `keras.mixed_precision` is set to. Inputs, outputs and variables are float32 in any case.
    """
    default = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(precision or default)
    try:
        return _build(config)
    finally:
        keras.mixed_precision.set_global_policy(default)


def _build(config: ModelConfig) -> Networks:
    networks = Networks(
        MaskGenerator(config),
        MaskRefiner(config),
        LowResGenerator(config),
        HighResGenerator(config),
    )
    small, large = config.mask_size, config.image_size
    frame, mask = keras.Input((large, large, 3)), keras.Input((small, small, 1))
    large_mask = keras.Input((large, large, 1))
    masks = dict.fromkeys((keys.SOURCE_MASK, keys.PERTURBED_MASK, keys.DRIVING_MASK), mask)
    inputs = {keys.SOURCE: frame, keys.SOURCE_SMALL: keras.Input((small, small, 3)), **masks}
    networks.mask_generator(frame)
    networks.mask_refiner(inputs)
    networks.low_res_generator(inputs)
    networks.high_res_generator(
        {
            **dict.fromkeys((keys.SOURCE, keys.COARSE), frame),
            **dict.fromkeys((keys.SOURCE_MASK, keys.DRIVING_MASK), large_mask),
        }
    )
    return networks


def named_variables(network: Network) -> dict[str, keras.Variable]:
    """Every variable of a network under its path, such as "hourglass/down_0/conv/kernel".

    The paths are the same on Keras 2 and Keras 3.
    """
    prefix = f"{network.name}/"
    paths = {}
    for variable in network.weights:
        # Keras 3 keeps the path apart from the name; Keras 2 has it in the name, with an output
        # index.
        name = variable.name if isinstance(variable, tf.Variable) else variable.path
        path = name.split(":")[0]
        paths[path[len(prefix) :] if path.startswith(prefix) else path] = variable
    return paths
