"""The training pipeline: one forward pass that serves all losses (equations 5 to 7, figure 2).

It differs from test time in what is fed: r gets the P_train-perturbed mask of the augmented driver,
while l and h get that driver's own mask instead of the refined one. Gradients stop where a loss
must not reach: the mask loss moves r alone, the fine loss h alone, the coarse loss m and l
(section 3.1).

Two options go beyond the paper. Another identity may drive the source: then r is to restore the
mask of the target, the source in the driver's pose, while l and h are fed the driver's own mask, in
which the driver's appearance is of no use. And a share of the samples may have their generators fed
the refined mask, as at test time; no gradient passes through it, so that r still learns from the
mask loss alone.
"""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig, PerturbationConfig
from maskanim_tf.models.animator import generate
from maskanim_tf.models.networks import Networks
from maskanim_tf.ops.perturbation import perturb_train
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.seeds import REFINED, derived_seed


def training_pass(
    networks: Networks,
    model: ModelConfig,
    perturbation: PerturbationConfig,
    source: tf.Tensor,
    driving: tf.Tensor,
    seeds: tf.Tensor | None,
    training: bool = True,
    refine: bool = True,
    augmented_target: tf.Tensor | None = None,
    refined_share: float = 0.0,
) -> dict[str, tf.Tensor]:
    """Everything the losses compare, for frames of the same video or of the same motion.

    Args:
      networks: m, r, l and h.
      model: their configuration.
      perturbation: settings of P_train.
      source: s, float32 `[batch, image_size, image_size, 3]` in [0, 1].
      driving: A(d), the augmented driver, same shape.
      seeds: int32 `[batch, 2]`, one per sample, for P_train and the choice of the samples that get
        the refined mask; None without `refine`.
      training: whether batch norms use and update batch statistics.
      refine: whether r takes part; its statistics must not move before it learns.
      augmented_target: A(target), a frame like the others; None where the driver is the target.
      refined_share: probability, of each sample, that l and h are fed m_d instead of m(A(d)).

    Returns:
      The intermediates under the keys of `keys`, float32 in [0, 1]; without `refine` the
      perturbed, the refined and the target's mask are missing.
    """
    # One call on all frames saves launches and makes their batch statistics common.
    frames = [source, driving]
    if refine and augmented_target is not None:
        frames.append(augmented_target)
    masks = networks.mask_generator(tf.concat(frames, axis=0), training=training)
    source_mask, driving_mask, *target_mask = tf.split(masks[keys.MASK], len(frames))
    encoded = {
        keys.SOURCE: source,
        keys.SOURCE_SMALL: resize_bilinear(source, model.mask_size),
        keys.SOURCE_MASK: source_mask,
    }
    refinement = {}
    fed_mask = driving_mask
    if refine:
        perturbed = perturb_train(driving_mask, seeds, perturbation)
        refined = networks.mask_refiner(
            {
                keys.SOURCE_SMALL: encoded[keys.SOURCE_SMALL],
                keys.SOURCE_MASK: tf.stop_gradient(source_mask),
                keys.PERTURBED_MASK: perturbed,
            },
            training=training,
        )
        refinement = {
            keys.PERTURBED_MASK: perturbed,
            keys.TARGET_MASK: target_mask[0] if target_mask else driving_mask,
            **refined,
        }
        if refined_share:
            chosen = draw_chosen(seeds, refined_share)[:, tf.newaxis, tf.newaxis, tf.newaxis]
            fed_mask = tf.where(chosen, tf.stop_gradient(refined[keys.REFINED_MASK]), driving_mask)
    generated = generate(networks, encoded, fed_mask, training=training)
    return {
        **encoded,
        keys.DRIVING: driving,
        keys.DRIVING_MASK: driving_mask,
        **refinement,
        **generated,
    }


def draw_chosen(seeds: tf.Tensor, share: float) -> tf.Tensor:
    """Which samples get the refined mask, bool `[batch]`, each with probability `share`.

    Args:
      seeds: int32 `[batch, 2]`, one per sample.
      share: in [0, 1].
    """

    def draw(seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform((), derived_seed(seed, REFINED)) < share

    return tf.map_fn(draw, seeds, fn_output_signature=tf.TensorSpec((), tf.bool))
