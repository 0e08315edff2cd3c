"""Small clips of puppets, and scratch files that several tests of evaluation use."""

import json

from maskanim_tf.evaluation.commands.reconstruct import ReconstructOptions, main
from maskanim_tf.evaluation.detectors import DetectorOptions
from maskanim_tf.media.clips import probe_clip, read_frames
from maskanim_tf.media.panels import write_picture
from maskanim_tf.models import build_networks
from maskanim_tf.models.checkpoint import write_weights
from maskanim_tf.puppets import make_clip
from tests.helpers import TINY_CONFIG

SIZE = 32
PUPPETS = DetectorOptions(keypoints="puppets")


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
    write_weights(path, build_networks(config.model), config)


def rebuilt(folder, **options):
    """Rebuilds the clips of `data/`, losslessly into `out/`; returns the options."""
    write_checkpoint(folder / "weights.npz", folder / "data")
    common = {"checkpoint": str(folder / "weights.npz"), "format": "png", "batch_size": 2}
    chosen = ReconstructOptions(**common, output=str(folder / "out"), **options)
    main(chosen, PUPPETS)
    return chosen


def results(folder):
    return json.loads((folder / "results.json").read_text())


def frames_of(folder, name):
    """The frames of a test clip in `data/`."""
    return read_frames(probe_clip(folder / "data" / "test" / name), range(4))
