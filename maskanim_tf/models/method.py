"""The whole method on one page: equations 1 to 7 (section 3, figures 1 and 2).

| at test time: `Animator`                 | in training: `training_pass`                 |
| ---------------------------------------- | -------------------------------------------- |
| m_s = m(s)                           (1) | m_s = m(s)                               (1) |
| m_d = r(D(s), m_s, P_test(m(d)))     (2) | m_d = r(D(s), m_s, P_train(m(A(d))))     (5) |
| c = l(D(s), m_s, m_d)                (3) | c = l(D(s), m_s, m(A(d)))                (6) |
| f = h(s, U(m_s), U(m_d), c)          (4) | f = h(s, U(m_s), U(m(A(d))), c)          (7) |

Input:  source s and driving frames d, float32 `[batch, image_size, image_size, 3]` in [0, 1].
Output: every intermediate under the keys of `keys`, float32 in [0, 1]; masks and D(s) are
`[batch, mask_size, mask_size, channels]`. Nothing else calls r, l and h.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig, PerturbationConfig
from maskanim_tf.models.networks import Networks, build_networks
from maskanim_tf.ops.checks import check_frames
from maskanim_tf.ops.perturbation import perturb_test, perturb_train
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.seeds import REFINED, drawn_share

# What is left out between the driver's mask and the generators (the paper's ablations): P_test, the
# refiner r, or both.
ABLATIONS = (NONE, NO_PERT, NO_REF, NO_ID) = ("none", "no_pert", "no_ref", "no_id")


class Animator(keras.Model):
    """Animates source frames by driving frames.

    Example:
      animator = Animator(ModelConfig(), PerturbationConfig())
      frame = animator({keys.SOURCE: source, keys.DRIVING: driving})[keys.FRAME]

    For a whole video, `encode_source` runs once and `animate` once per batch of driving frames.

    Args:
      model: sizes and options of the networks.
      perturbation: settings of P_test.
      networks: the networks to use; new ones are built by default.
      ablation: what to leave out, one of `ABLATIONS`.

    Raises:
      ValueError: unknown ablation.
    """

    def __init__(
        self,
        model: ModelConfig,
        perturbation: PerturbationConfig,
        networks: Networks | None = None,
        ablation: str = NONE,
        **kwargs: Any,
    ):
        if ablation not in ABLATIONS:
            raise ValueError(f"ablation is {ablation!r}, but must be one of {', '.join(ABLATIONS)}")
        # float32 whatever the global policy, so that Keras does not round the frames on their way
        # in; each network casts to its own compute type.
        super().__init__(**{"name": "animator", "dtype": "float32", **kwargs})
        self.model = model
        self.perturbation = perturbation
        self.ablation = ablation
        self.networks = networks or build_networks(model)

    @property
    def perturbs(self) -> bool:
        """Whether P_test is part of the pipeline."""
        return self.ablation in (NONE, NO_REF)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> dict[str, tf.Tensor]:
        """Every intermediate for pairs of source and driving frames.

        Raises:
          ValueError: wrong rank, size, type or range of a frame.
        """
        del training  # Test time only; `training_pass` is what networks are trained in.
        return self.animate(self.encode_source(inputs[keys.SOURCE]), inputs[keys.DRIVING])

    def encode_source(self, source: tf.Tensor) -> dict[str, tf.Tensor]:
        """What depends on the source alone: s, D(s) and m_s (equation 1)."""
        source = tf.convert_to_tensor(source)
        check_frames(keys.SOURCE, source, self.model.image_size)
        return _encoded(self.model, source, self._masks(source))

    def animate(self, encoded: dict[str, tf.Tensor], driving: tf.Tensor) -> dict[str, tf.Tensor]:
        """Equations 2 to 4 for an encoded source of batch 1, or of the driving frames' batch."""
        driving = tf.convert_to_tensor(driving)
        driving_mask = self.encode_driving(driving)
        return {keys.DRIVING: driving, **self.animate_mask(encoded, driving_mask)}

    def encode_driving(self, driving: tf.Tensor) -> tf.Tensor:
        """The masks of driving frames, m(d), `[batch, mask_size, mask_size, 1]` in [0, 1]."""
        driving = tf.convert_to_tensor(driving)
        check_frames(keys.DRIVING, driving, self.model.image_size)
        return self._masks(driving)

    def animate_mask(
        self, encoded: dict[str, tf.Tensor], driving_mask: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Equations 2 to 4 from the driver's masks on; see `animate`."""
        batch = tf.shape(driving_mask)[0]
        encoded = {
            key: tf.broadcast_to(value, (batch, *value.shape[1:])) for key, value in encoded.items()
        }
        perturbed = driving_mask
        if self.perturbs:
            perturbed = perturb_test(driving_mask, self.perturbation)
        return {
            **encoded,
            keys.DRIVING_MASK: driving_mask,
            keys.PERTURBED_MASK: perturbed,
            **self.render(encoded, perturbed),
        }

    def render(self, encoded: dict[str, tf.Tensor], perturbed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Equations 2 to 4 from the perturbed mask on, for an encoded source of the same batch."""
        refined = perturbed
        if self.ablation in (NONE, NO_PERT):
            refined = _refine(self.networks, encoded, perturbed, training=False)
            if self.model.driver_share:
                refined += self.model.driver_share * (perturbed - refined)
        generated = _generate(self.networks, encoded, refined, training=False)
        return {keys.REFINED_MASK: refined, **generated}

    def _masks(self, frames: tf.Tensor) -> tf.Tensor:
        masks = self.networks.mask_generator(frames, training=False)[keys.MASK]
        if self.model.mirrored_masks:
            mirrored = self.networks.mask_generator(frames[:, :, ::-1], training=False)[keys.MASK]
            masks = (masks + mirrored[:, :, ::-1]) / 2
        return masks

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "model": self.model.to_dict(),
            "perturbation": self.perturbation.to_dict(),
            "ablation": self.ablation,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Animator:
        values = dict(config)
        model = ModelConfig.from_dict(values.pop("model"))
        perturbation = PerturbationConfig.from_dict(values.pop("perturbation"))
        return cls(model, perturbation, **values)


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
    refiner_sees_frames: bool = False,
) -> dict[str, tf.Tensor]:
    """Everything the losses compare, for frames of the same video: equations 1 and 5 to 7.

    Gradients stop where a loss must not reach: the mask loss moves r alone, the fine loss h alone,
    the coarse loss m and l (section 3.1).

    Two options go beyond the paper. Another identity may drive the source: then r is to restore the
    mask of the target, the source in the driver's pose, while l and h are fed the driver's own
    mask, in which the driver's appearance is of no use. And a share of the samples may have their
    generators fed the refined mask, as at test time; no gradient passes through it, so that r still
    learns from the mask loss alone, unless it is to see what frames become of its masks.

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
      refiner_sees_frames: whether the coarse loss of such samples moves r.

    Returns:
      The intermediates; without `refine` the perturbed, the refined and the target's mask are
      missing.
    """
    # One call on all frames saves launches and makes their batch statistics common.
    frames = [source, driving]
    if refine and augmented_target is not None:
        frames.append(augmented_target)
    masks = networks.mask_generator(tf.concat(frames, axis=0), training=training)
    source_mask, driving_mask, *target_mask = tf.split(masks[keys.MASK], len(frames))
    encoded = _encoded(model, source, source_mask)
    fed_mask = driving_mask
    refinement: dict[str, tf.Tensor] = {}
    if refine:
        perturbed = perturb_train(driving_mask, seeds, perturbation)
        refined = _refine(networks, encoded, perturbed, training)
        refinement = {
            keys.PERTURBED_MASK: perturbed,
            keys.REFINED_MASK: refined,
            keys.TARGET_MASK: target_mask[0] if target_mask else driving_mask,
        }
        if refined_share:
            chosen = drawn_share(seeds, REFINED, refined_share)[:, None, None, None]
            shown = refined if refiner_sees_frames else tf.stop_gradient(refined)
            fed_mask = tf.where(chosen, shown, driving_mask)
    return {
        **encoded,
        keys.DRIVING: driving,
        keys.DRIVING_MASK: driving_mask,
        **refinement,
        **_generate(networks, encoded, fed_mask, training),
    }


def _encoded(model: ModelConfig, source: tf.Tensor, source_mask: tf.Tensor) -> dict[str, tf.Tensor]:
    small = resize_bilinear(source, model.mask_size)
    return {keys.SOURCE: source, keys.SOURCE_SMALL: small, keys.SOURCE_MASK: source_mask}


def _refine(
    networks: Networks, encoded: dict[str, tf.Tensor], perturbed: tf.Tensor, training: bool
) -> tf.Tensor:
    """The refined mask, m_d (equations 2 and 5); the mask loss teaches r alone."""
    inputs = {
        keys.SOURCE_SMALL: encoded[keys.SOURCE_SMALL],
        keys.SOURCE_MASK: tf.stop_gradient(encoded[keys.SOURCE_MASK]),
        keys.PERTURBED_MASK: perturbed,
    }
    return networks.mask_refiner(inputs, training=training)[keys.REFINED_MASK]


def _generate(
    networks: Networks, encoded: dict[str, tf.Tensor], driving_mask: tf.Tensor, training: bool
) -> dict[str, tf.Tensor]:
    """Both frames, c and f (equations 3, 4, 6, 7), from m_d, or from m(A(d)) in training.

    The coarse frame and the masks enter h without gradient: the fine loss teaches h alone (section
    3.1), at test time it makes no difference.
    """
    size = encoded[keys.SOURCE].shape[1]
    inputs = {**encoded, keys.DRIVING_MASK: driving_mask}
    generated = networks.low_res_generator(inputs, training=training)
    inputs = {
        keys.SOURCE: encoded[keys.SOURCE],
        keys.SOURCE_MASK: resize_bilinear(tf.stop_gradient(encoded[keys.SOURCE_MASK]), size),
        keys.COARSE: tf.stop_gradient(generated[keys.COARSE]),
        keys.DRIVING_MASK: resize_bilinear(tf.stop_gradient(driving_mask), size),
    }
    frame = networks.high_res_generator(inputs, training=training)[keys.FRAME]
    return {**generated, keys.FRAME: frame}
