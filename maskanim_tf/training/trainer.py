"""The training step: one forward pass, three losses, three sets of variables (section 3.1).

| term     | value                                  | learns       |
| -------- | -------------------------------------- | ------------ |
| `mask`   | lambda_1 L1(m_d, m(A(d)))              | r            |
| `coarse` | lambda_2 perceptual loss of c and d    | m, l         |
| `fine`   | lambda_2 perceptual loss of f and d    | h            |

`training_pass` stops the gradients between the sets, so the gradient of the sum is each set's own.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from maskanim_tf import names
from maskanim_tf.config import Config, TrainingConfig
from maskanim_tf.losses import VGGFeatures
from maskanim_tf.losses.terms import mask_loss, perceptual_loss, pyramid_features
from maskanim_tf.models import Networks, build_networks, training_pass

MASK, COARSE, FINE = TERMS = ("mask", "coarse", "fine")


class Trainer(keras.Model):
    """The four networks with their losses and optimizers.

    Create it inside the scope of a distribution strategy: variables of networks and optimizers are
    all made here.

    Args:
      config: everything that decides the result of a run.
      features: VGG-19 with its weights.
    """

    def __init__(self, config: Config, features: VGGFeatures, **kwargs: Any):
        super().__init__(**{"name": "trainer", "dtype": "float32", **kwargs})
        self.config = config
        self.features = features
        networks = build_networks(config.model)
        self.mask_generator, self.mask_refiner = networks.mask_generator, networks.mask_refiner
        self.low_res_generator = networks.low_res_generator
        self.high_res_generator = networks.high_res_generator
        self.optimizers = {term: make_optimizer(config.training) for term in TERMS}
        for term, optimizer in self.optimizers.items():
            optimizer.build(self.learners(term))

    @property
    def networks(self) -> Networks:
        """The four networks."""
        return Networks(
            self.mask_generator,
            self.mask_refiner,
            self.low_res_generator,
            self.high_res_generator,
        )

    def learners(self, term: str) -> list[keras.Variable]:
        """The variables that a loss term updates."""
        learners = {
            MASK: (self.mask_refiner,),
            COARSE: (self.mask_generator, self.low_res_generator),
            FINE: (self.high_res_generator,),
        }[term]
        return [variable for network in learners for variable in network.trainable_variables]

    def train_step(self, batch: dict[str, tf.Tensor], refine: bool = True) -> dict[str, tf.Tensor]:
        """One update from this replica's part of a batch.

        Args:
          batch: what the train split of `make_dataset` yields.
          refine: whether r learns, which it does not in the first epoch.

        Returns:
          The weighted terms of this replica's samples, float32 `[samples]` each.
        """
        with tf.GradientTape() as tape:
            terms = self.losses_of(batch, refine)
            # The only place where replicas meet a scale: gradients of replicas are summed, so each
            # contributes its samples' share of the global batch.
            total = tf.add_n([tf.reduce_sum(term) for term in terms.values()])
            total /= self.config.training.batch_size
        learners = {term: self.learners(term) for term in terms}
        gradients = tape.gradient(total, learners)
        for term, variables in learners.items():
            self.optimizers[term].apply_gradients(zip(gradients[term], variables))
        return terms

    def losses_of(self, batch: dict[str, tf.Tensor], refine: bool = True) -> dict[str, tf.Tensor]:
        """The weighted loss terms of a batch, float32 `[samples]` each."""
        result = training_pass(
            self.networks,
            self.config.model,
            self.config.perturbation,
            batch[names.SOURCE],
            batch[names.DRIVING],
            batch[names.SEEDS],
            refine=refine,
        )
        loss = self.config.loss
        target = pyramid_features(batch[names.TARGET], self.features, loss.pyramid_levels)
        terms = {}
        for term, image in ((COARSE, names.COARSE), (FINE, names.FRAME)):
            generated = pyramid_features(result[image], self.features, loss.pyramid_levels)
            value = loss.perceptual_weight * perceptual_loss(generated, target)
            # The ReLUs of some kernels turn NaN into zero; the loss must not look sound then.
            sound = tf.reduce_all(tf.math.is_finite(result[image]), axis=(1, 2, 3))
            terms[term] = tf.where(sound, value, math.nan)
        if refine:
            refined, driving_mask = result[names.REFINED_MASK], result[names.DRIVING_MASK]
            terms[MASK] = loss.mask_weight * mask_loss(refined, driving_mask)
        return terms


def make_optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    """Adam with the configured rates; its learning rate is a variable that the schedule sets."""
    return keras.optimizers.Adam(
        learning_rate=config.learning_rate, beta_1=config.beta_1, beta_2=config.beta_2
    )
