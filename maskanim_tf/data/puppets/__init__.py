"""Procedural videos of jointed puppets, with ground truth: training data that needs no download."""

from maskanim_tf.data.puppets.clip import Cast, PuppetClip, make_clip
from maskanim_tf.data.puppets.dataset import (
    Annotations,
    DatasetParameters,
    read_annotations,
    write_dataset,
)
from maskanim_tf.data.puppets.detector import detect_joints
from maskanim_tf.data.puppets.sheet import contact_sheet
from maskanim_tf.data.puppets.skeleton import JOINT_NAMES

__all__ = [
    "JOINT_NAMES",
    "Annotations",
    "Cast",
    "DatasetParameters",
    "PuppetClip",
    "contact_sheet",
    "detect_joints",
    "make_clip",
    "read_annotations",
    "write_dataset",
]
