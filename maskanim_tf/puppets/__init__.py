"""Procedural videos of jointed puppets, with ground truth: training data that needs no download."""

from maskanim_tf.puppets.detector import detect_joints
from maskanim_tf.puppets.puppet_clip import Cast, PuppetClip, make_clip
from maskanim_tf.puppets.puppet_dataset import DatasetParameters, write_dataset
from maskanim_tf.puppets.skeleton import JOINT_NAMES

__all__ = [
    "JOINT_NAMES",
    "Cast",
    "DatasetParameters",
    "PuppetClip",
    "detect_joints",
    "make_clip",
    "write_dataset",
]
