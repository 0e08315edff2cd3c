"""Small clips of puppets, and scratch files that several tests of evaluation use."""

import json

import numpy as np

from maskanim_tf.media.panels import write_picture
from maskanim_tf.models import build_networks
from maskanim_tf.models.weights import weight_arrays, write_arrays
from maskanim_tf.puppets import make_clip
from tests.helpers import TINY_CONFIG

SIZE = 32


def puppet_frames(index, frames=4, size=SIZE):
    """uint8 `[frames, size, size, 3]`."""
    return make_clip(0, index, size=size, frames=frames).frames


def write_frames(folder, frames):
    """A lossless clip: a folder of pictures."""
    for number, frame in enumerate(frames):
        write_picture(folder / f"{number:03d}.png", frame)


def write_test_clips(folder, count=2, frames=4):
    """Clips `p0`, `p1`, ... of different puppets."""
    for index in range(count):
        write_frames(folder / f"p{index}", puppet_frames(index, frames))


def write_checkpoint(path, data_dir=""):
    """Random tiny networks with a configuration."""
    config = TINY_CONFIG.replace(data=TINY_CONFIG.data.replace(data_dir=str(data_dir)))
    networks = build_networks(config.model)
    stored = np.array(json.dumps(config.to_dict()))
    write_arrays(path, {**weight_arrays(networks), "config": stored})
    return networks
