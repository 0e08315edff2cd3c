"""What tests of trained networks share: tiny animators that look trained."""

import json

import keras
import numpy as np

from maskanim_tf import keys
from maskanim_tf.config import HourglassConfig, LowResConfig, ModelConfig, PerturbationConfig
from maskanim_tf.models import Animator, build_networks
from maskanim_tf.models.weights import weight_arrays, write_arrays
from maskanim_tf.ops.resizing import resize_bilinear
from tests.helpers import TINY_CONFIG, TINY_MODEL

# Masks of random networks are so flat that rounding decides which pixels lie below their median.
PERTURBATION = PerturbationConfig(threshold="fixed", fixed_threshold=0.1)


def scrambled_animator(
    model: ModelConfig = TINY_MODEL,
    perturbation: PerturbationConfig = PERTURBATION,
    ablation: str = "none",
    seed: int = 0,
) -> Animator:
    """An animator whose biases and batch norms are random too, with scales of either sign."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    networks = build_networks(model)
    for network in networks:
        for variable in network.weights:
            name = getattr(variable, "path", variable.name)
            shape = tuple(variable.shape)
            if "variance" in name:
                variable.assign(rng.uniform(0.2, 2.0, shape))
            elif "gamma" in name:
                variable.assign(rng.uniform(0.5, 1.0, shape) * rng.choice((1, 1, 1, -1), shape))
            elif "kernel" in name:
                # As large as those of trained networks, or tiny ones would be dead.
                bound = (6 / (np.prod(shape[:3]) + shape[3])) ** 0.5
                variable.assign(rng.uniform(-bound, bound, shape))
            else:
                variable.assign(rng.normal(0, 0.2, shape))
            if "final" in name:
                # Masks are this convolution divided by the temperature: none may saturate.
                variable.assign(variable * model.temperature)
    return Animator(model, perturbation, networks, ablation)


def refined_mask(networks, source, source_mask, perturbed):
    """Equation 2 by hand."""
    inputs = {
        keys.SOURCE_SMALL: resize_bilinear(source, source_mask.shape[1]),
        keys.SOURCE_MASK: source_mask,
        keys.PERTURBED_MASK: perturbed,
    }
    return networks.mask_refiner(inputs)[keys.REFINED_MASK]


def generated_frames(networks, source, source_mask, driving_mask):
    """Equations 3 and 4 by hand."""
    size = source.shape[1]
    inputs = {
        keys.SOURCE_SMALL: resize_bilinear(source, source_mask.shape[1]),
        keys.SOURCE_MASK: source_mask,
        keys.DRIVING_MASK: driving_mask,
    }
    coarse = networks.low_res_generator(inputs)[keys.COARSE]
    inputs = {
        keys.SOURCE: source,
        keys.SOURCE_MASK: resize_bilinear(source_mask, size),
        keys.COARSE: coarse,
        keys.DRIVING_MASK: resize_bilinear(driving_mask, size),
    }
    return {keys.COARSE: coarse, **networks.high_res_generator(inputs)}


# Channels that the networks behind m take: three of a picture, then masks among others.
INPUTS = (5, 8)


def driven_animator() -> Animator:
    """A scrambled animator whose frames depend on the driver."""
    animator = scrambled_animator()
    for network in animator.networks[1:]:
        for variable in network.trainable_variables:
            if len(variable.shape) == 4 and variable.shape[2] in INPUTS:
                kernel = variable.numpy()
                kernel[:, :, 3:] *= 3
                variable.assign(kernel)
    return animator


ODD = HourglassConfig(block_expansion=3, max_features=7, blocks=2)
ODD_MODEL = TINY_MODEL.replace(
    mask_skips=True,
    low_res_generator=LowResConfig(features=6, residual_blocks=3, dilations=(1, 3)),
    mask_scale=0.25,
    mask_generator=ODD,
    mask_refiner=ODD,
    high_res_generator=HourglassConfig(block_expansion=5, max_features=9, blocks=3),
)


def write_checkpoint(path, animator: Animator | None = None):
    """A weight file of a scrambled animator, as a run would have saved it."""
    animator = animator or scrambled_animator()
    config = TINY_CONFIG.replace(model=animator.model, perturbation=animator.perturbation)
    write_arrays(path, {**weight_arrays(animator.networks), **config_array(config)})
    return str(path)


def config_array(config):
    """What makes weights a checkpoint: their configuration, as `write_arrays` takes it."""
    return {"config": np.array(json.dumps(config.to_dict()))}
