"""The four networks as Keras models, and the pipelines that compose them."""

from maskanim_tf.models.checkpoint import load_animator
from maskanim_tf.models.high_res_generator import HighResGenerator
from maskanim_tf.models.low_res_generator import LowResGenerator
from maskanim_tf.models.mask_generator import MaskGenerator
from maskanim_tf.models.mask_refiner import MaskRefiner
from maskanim_tf.models.method import ABLATIONS, Animator, training_pass
from maskanim_tf.models.networks import Networks, build_networks, named_variables
from maskanim_tf.models.weights import load_weights

__all__ = [
    "ABLATIONS",
    "Animator",
    "HighResGenerator",
    "LowResGenerator",
    "MaskGenerator",
    "MaskRefiner",
    "Networks",
    "build_networks",
    "load_animator",
    "load_weights",
    "named_variables",
    "training_pass",
]
