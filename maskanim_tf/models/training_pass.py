"""The training pipeline: one forward pass that serves all losses (equations 5 to 7, figure 2).

It differs from test time in what is fed: r gets the P_train-perturbed mask of the augmented driver,
while l and h get that driver's own mask instead of the refined one. Gradients stop where a loss
must not reach: the mask loss moves r alone, the fine loss h alone, the coarse loss m and l
(section 3.1).
"""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import ModelConfig, PerturbationConfig
from maskanim_tf.models.animator import generate
from maskanim_tf.models.networks import Networks
from maskanim_tf.ops.perturbation import perturb_train
from maskanim_tf.ops.resizing import resize_bilinear


def training_pass(
    networks: Networks,
    model: ModelConfig,
    perturbation: PerturbationConfig,
    source: tf.Tensor,
    driving: tf.Tensor,
    seeds: tf.Tensor | None,
    training: bool = True,
    refine: bool = True,
) -> dict[str, tf.Tensor]:
    """Everything the losses compare, for frames of the same video.

    Args:
      networks: m, r, l and h.
      model: their configuration.
      perturbation: settings of P_train.
      source: s, float32 `[batch, image_size, image_size, 3]` in [0, 1].
      driving: A(d), the augmented driver, same shape.
      seeds: int32 `[batch, 2]`, one per sample, for P_train; None without `refine`.
      training: whether batch norms use and update batch statistics.
      refine: whether r takes part; its statistics must not move before it learns.

    Returns:
      The intermediates under the keys of `names`, float32 in [0, 1]; without `refine` the perturbed
      and the refined mask are missing.
    """
    # One call on both frames halves the launches and makes their batch statistics common.
    masks = networks.mask_generator(tf.concat((source, driving), axis=0), training=training)
    source_mask, driving_mask = tf.split(masks[names.MASK], 2)
    encoded = {
        names.SOURCE: source,
        names.SOURCE_SMALL: resize_bilinear(source, model.mask_size),
        names.SOURCE_MASK: source_mask,
    }
    refinement = {}
    if refine:
        perturbed = perturb_train(driving_mask, seeds, perturbation)
        refined = networks.mask_refiner(
            {
                names.SOURCE_SMALL: encoded[names.SOURCE_SMALL],
                names.SOURCE_MASK: tf.stop_gradient(source_mask),
                names.PERTURBED_MASK: perturbed,
            },
            training=training,
        )
        refinement = {names.PERTURBED_MASK: perturbed, **refined}
    generated = generate(networks, encoded, driving_mask, training=training)
    return {
        **encoded,
        names.DRIVING: driving,
        names.DRIVING_MASK: driving_mask,
        **refinement,
        **generated,
    }
