"""The training step: one forward pass, three losses, three sets of variables (section 3.1).

| term     | value                                  | learns       |
| -------- | -------------------------------------- | ------------ |
| `mask`   | lambda_1 L1(m_d, m(A(target)))         | r            |
| `coarse` | lambda_2 perceptual loss of c, target  | m, l         |
| `fine`   | lambda_2 perceptual loss of f, target  | h            |

The target is the driver d, or the source in its pose where another identity drives.
`training_pass` stops the gradients between the sets, so the gradient of the sum is each set's own.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import Config
from maskanim_tf.losses import VGGFeatures
from maskanim_tf.losses.terms import details_of, mask_loss, perceptual_loss, pyramid_features
from maskanim_tf.models import Networks, build_networks, training_pass
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.training.optimizers import (
    apply_scaled_gradients,
    make_optimizer,
    scaled_loss,
)

# How far masks may be from what mask_prior asks for: pulled to the ends of their range they would
# saturate.
PRIOR_TOLERANCE = 0.1

MASK, COARSE, FINE = TERMS = ("mask", "coarse", "fine")


class Trainer(keras.Model):
    """The four networks with their losses and optimizers.

    Create it inside the scope of a distribution strategy: variables of networks and optimizers are
    all made here.

    Args:
      config: everything that decides the result of a run.
      features: VGG-19 with its weights.
      jit: whether networks are compiled by XLA.
    """

    def __init__(self, config: Config, features: VGGFeatures, jit: bool = False):
        super().__init__(name="trainer", dtype="float32")
        self.config = config
        self.networks = build_networks(config.model, config.training.precision)
        self.optimizers = {term: make_optimizer(config.training) for term in TERMS}
        for term, optimizer in self.optimizers.items():
            optimizer.build(self.learners(term))
        self.averages: Networks | None = None
        if config.training.average_decay:
            self.averages = build_networks(config.model, config.training.precision)
            for average, network in zip(self.averages, self.networks):
                average.set_weights(network.get_weights())
        # The networks and VGG as the training pass calls them. XLA compiles them one by one, since
        # P_train between m and r has operations that it lacks.
        compiled = [tf.function(each, jit_compile=True) if jit else each for each in self.networks]
        self._calls = Networks(*compiled)
        self._features_call = tf.function(features, jit_compile=True) if jit else features

    @property
    def results(self) -> Networks:
        """The networks that a run is made for: the averages, where they are kept."""
        return self.averages or self.networks

    def learners(self, term: str) -> list[keras.Variable]:
        """The variables that a loss term updates."""
        mask_generator, mask_refiner, low_res_generator, high_res_generator = self.networks
        learners = {
            MASK: (mask_refiner,),
            COARSE: (mask_generator, low_res_generator),
            FINE: (high_res_generator,),
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
        count = self.config.training.accumulate
        parts = [{key: value[part::count] for key, value in batch.items()} for part in range(count)]
        gradients, terms = self._gradients_of(parts[0], refine)
        for part in parts[1:]:
            # One part waits for the other, or all would be in memory at the same time.
            with tf.control_dependencies(tf.nest.flatten(gradients)):
                part = tf.nest.map_structure(tf.identity, part)
            more, more_terms = self._gradients_of(part, refine)
            gradients = tf.nest.map_structure(tf.add, gradients, more)
            terms = {term: tf.concat((terms[term], more_terms[term]), 0) for term in terms}
        for term in terms:
            apply_scaled_gradients(self.optimizers[term], gradients[term], self.learners(term))
        return terms

    def update_averages(self) -> None:
        """Moves the averages towards the weights; outside of replicas, after each step.

        The decay is smaller in the first steps, so that the first weights are soon forgotten.
        """
        if self.averages is None:
            return
        done = tf.cast(self.optimizers[COARSE].iterations, tf.float32)
        decay = tf.minimum(self.config.training.average_decay, (1 + done) / (10 + done))
        for averages, network in zip(self.averages, self.networks):
            for average, weight in zip(averages.weights, network.weights):
                average.assign(decay * average + (1 - decay) * weight)

    def _gradients_of(
        self, batch: dict[str, tf.Tensor], refine: bool
    ) -> tuple[dict[str, list[tf.Tensor]], dict[str, tf.Tensor]]:
        with tf.GradientTape() as tape:
            terms = self.losses_of(batch, refine)
            # The only place where replicas meet a scale: gradients of replicas and of parts are
            # summed, so each contributes its samples' share of the global batch.
            total = tf.add_n(
                [
                    scaled_loss(
                        self.optimizers[term],
                        tf.reduce_sum(value) / self.config.training.batch_size,
                    )
                    for term, value in terms.items()
                ]
            )
        return tape.gradient(total, {term: self.learners(term) for term in terms}), terms

    def losses_of(self, batch: dict[str, tf.Tensor], refine: bool = True) -> dict[str, tf.Tensor]:
        """The weighted loss terms of a batch, float32 `[samples]` each."""
        result = training_pass(
            self._calls,
            self.config.model,
            self.config.perturbation,
            batch[keys.SOURCE],
            batch[keys.DRIVING],
            batch[keys.SEEDS],
            refine=refine,
            augmented_target=batch.get(keys.AUGMENTED_TARGET),
            refined_share=self.config.training.refined_share,
            refiner_sees_frames=self.config.training.refiner_sees_frames,
        )
        loss = self.config.loss
        target = pyramid_features(batch[keys.TARGET], self._features_call, loss.pyramid_levels)
        images = {COARSE: result[keys.COARSE], FINE: result[keys.FRAME]}
        # One call for both saves launches.
        generated = pyramid_features(
            tf.concat(list(images.values()), 0), self._features_call, loss.pyramid_levels
        )
        terms = {}
        for part, (term, image) in enumerate(images.items()):
            features = tf.nest.map_structure(
                lambda each, part=part: tf.split(each, 2)[part], generated
            )
            value = loss.perceptual_weight * perceptual_loss(features, target)
            # The ReLUs of some kernels turn NaN into zero; the loss must not look sound then.
            sound = tf.reduce_all(tf.math.is_finite(image), axis=(1, 2, 3))
            terms[term] = tf.where(sound, value, math.nan)
        details = self._details(batch)
        if keys.SKETCHES in batch:
            terms[COARSE] += self._mask_prior(result, batch[keys.SKETCHES])
        if loss.fetched_weight and keys.FETCHED in result:
            large = resize_bilinear(details, self.config.model.image_size)
            compared = [(COARSE, keys.FETCHED, 1 + large)]
            if loss.detail_weight:
                compared += [(COARSE, keys.COARSE, large), (FINE, keys.FRAME, large)]
            for term, key, weights in compared:
                distance = weights * tf.abs(result[key] - batch[keys.TARGET])
                terms[term] += loss.fetched_weight * tf.reduce_mean(distance, axis=(1, 2, 3))
        if refine:
            refined, target_mask = result[keys.REFINED_MASK], result[keys.TARGET_MASK]
            terms[MASK] = loss.mask_weight * mask_loss(refined, target_mask, 1 + details)
        return terms

    def _details(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        """How much more than others the pixels of targets count, float32 like a mask."""
        if self.config.loss.detail_weight and keys.SKETCHES in batch:
            return self.config.loss.detail_weight * details_of(batch[keys.SKETCHES][:, -1])
        size = self.config.model.mask_size
        return tf.zeros((1, size, size, 1))

    def _mask_prior(self, result: dict[str, tf.Tensor], sketches: tf.Tensor) -> tf.Tensor:
        """The decaying pull of m towards the sketches, float32 `[samples]`; beyond the paper.

        Squares, since eyes and mouth are few pixels: where it is unsure of their places, L1 would
        rather have none.
        """
        masks = tf.stack((result[keys.SOURCE_MASK], result[keys.DRIVING_MASK]), axis=1)
        sketches = sketches[:, :2]
        beyond = tf.nn.relu(tf.abs(masks - sketches) - PRIOR_TOLERANCE) ** 2
        if self.config.loss.detail_weight:
            details = [details_of(each) for each in tf.unstack(sketches, axis=1)]
            beyond *= 1 + self.config.loss.detail_weight * tf.stack(details, axis=1)
        distance = tf.reduce_mean(beyond, axis=(1, 2, 3, 4))
        done = tf.cast(self.optimizers[COARSE].iterations, tf.float32)
        left = tf.maximum(0.0, 1 - done / self.config.loss.mask_prior_steps)
        return self.config.loss.mask_prior * left * distance
