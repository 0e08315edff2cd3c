"""What several tests share: tiny configurations, random frames, the optional shared folder."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import (
    Config,
    HourglassConfig,
    LossConfig,
    LowResConfig,
    ModelConfig,
    default_config,
)
from maskanim_tf.ops.seeds import derived_seed

REPOSITORY = Path(__file__).resolve().parent.parent
TEST_DATA = Path(__file__).resolve().parent / "data_files"

TINY_HOURGLASS = HourglassConfig(block_expansion=4, max_features=8, blocks=2)
TINY_MODEL = ModelConfig(
    image_size=32,
    mask_scale=0.5,
    mask_generator=TINY_HOURGLASS,
    mask_refiner=TINY_HOURGLASS,
    low_res_generator=LowResConfig(features=8, residual_blocks=1),
    high_res_generator=TINY_HOURGLASS,
)
TINY_RELEASE_MODEL = TINY_MODEL.replace(
    encoder_order="norm_relu", temperature=0.1, mask_border=True
)
# The widths of the golden vectors of the authors' networks.
RELEASE_MODEL = default_config("release").model.replace(
    mask_generator=HourglassConfig(32, 64, 5),
    mask_refiner=HourglassConfig(8, 32, 5),
    low_res_generator=LowResConfig(16, 6),
    high_res_generator=HourglassConfig(8, 32, 5),
)
TINY_CONFIG = Config(
    model=TINY_MODEL,
    loss=LossConfig(vgg_weights="random", vgg_width=0.05, pyramid_levels=2),
)


def random_frames(batch: int, size: int = 32, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Smooth random frames, float32 `[batch, size, size, channels]` in [0, 1]."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(size=(batch, size // 8, size // 8, channels))
    frames = coarse.repeat(8, 1).repeat(8, 2)
    noise = rng.uniform(-0.1, 0.1, frames.shape)
    return np.clip(frames + noise, 0, 1).astype(np.float32)


def sample_seeds(seed: tuple[int, int], count: int) -> tf.Tensor:
    """One independent seed per sample of a batch, int32 `[count, 2]`."""
    return tf.stack([derived_seed(tf.constant(seed, tf.int32), i) for i in range(count)])


def split_small(stacked: np.ndarray, driving: str) -> dict[str, np.ndarray]:
    """D(s), m_s and the driving mask, stacked along the channels, as a network takes them."""
    return dict(zip((keys.SOURCE_SMALL, keys.SOURCE_MASK, driving), np.split(stacked, (3, 4), -1)))


def copy_weights(networks, others) -> None:
    """Gives the other networks the weights of the first ones."""
    for network, other in zip(networks, others):
        other.set_weights(network.get_weights())


def assert_same_weights(networks, others) -> None:
    for network, other in zip(networks, others):
        for one, same in zip(network.get_weights(), other.get_weights()):
            np.testing.assert_array_equal(one, same, err_msg=network.name)


def assert_learners(tape, value, networks, names) -> None:
    """The gradient of a value reaches the networks of these names, and no others."""
    for network in networks:
        gradients = tape.gradient(value, network.trainable_variables)
        reached = [g is not None and float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients]
        # Biases before a batch norm have none.
        assert np.mean(reached) > 0.6 if network.name in names else not any(reached), network.name


@functools.cache
def two_replicas() -> tf.distribute.Strategy:
    """Two logical CPU devices as replicas.

    One strategy for all tests of a process: every new one counts its collective operations from the
    same number, and would meet the leftovers of the one before.
    """
    devices = tf.config.list_logical_devices("CPU")[:2]
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def shared_folder(name: str) -> Path:
    """A folder of the optional data beside the repository; skips the test, by name, without it."""
    root = Path(os.environ.get("MASKANIM_SHARED", REPOSITORY.parent / "shared"))
    folder = root / name
    if not folder.is_dir():
        pytest.skip(f"needs the folder {name} in $MASKANIM_SHARED")
    return folder
