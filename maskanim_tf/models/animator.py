"""The test-time pipeline: a source picture and driving frames become frames (equations 1 to 4).

Input:  source and driving frames, `[batch, image_size, image_size, 3]` in [0, 1].
Output: every intermediate under the keys of `keys`, float32 in [0, 1].
Stages: m on both frames, P_test and r on the driver's mask, l for the coarse and h for the final
frame. Paper: section 3, figure 1.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig, PerturbationConfig
from maskanim_tf.models.networks import Networks, build_networks
from maskanim_tf.ops.checks import check_frames
from maskanim_tf.ops.perturbation import perturb_test
from maskanim_tf.ops.resizing import resize_bilinear

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
        return {
            keys.SOURCE: source,
            keys.SOURCE_SMALL: resize_bilinear(source, self.model.mask_size),
            keys.SOURCE_MASK: self.networks.mask_generator(source, training=False)[keys.MASK],
        }

    def animate(self, encoded: dict[str, tf.Tensor], driving: tf.Tensor) -> dict[str, tf.Tensor]:
        """Equations 2 to 4 for an encoded source of batch 1, or of the driving frames' batch."""
        driving = tf.convert_to_tensor(driving)
        driving_mask = self.encode_driving(driving)
        return {keys.DRIVING: driving, **self.animate_mask(encoded, driving_mask)}

    def encode_driving(self, driving: tf.Tensor) -> tf.Tensor:
        """The masks of driving frames, m(d), `[batch, mask_size, mask_size, 1]` in [0, 1]."""
        check_frames(keys.DRIVING, driving, self.model.image_size)
        return self.networks.mask_generator(driving, training=False)[keys.MASK]

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
            refined = self.networks.mask_refiner(
                {
                    keys.SOURCE_SMALL: encoded[keys.SOURCE_SMALL],
                    keys.SOURCE_MASK: encoded[keys.SOURCE_MASK],
                    keys.PERTURBED_MASK: perturbed,
                },
                training=False,
            )[keys.REFINED_MASK]
        generated = generate(self.networks, encoded, refined, training=False)
        return {keys.REFINED_MASK: refined, **generated}

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


def generate(
    networks: Networks,
    encoded: dict[str, tf.Tensor],
    driving_mask: tf.Tensor,
    training: bool,
) -> dict[str, tf.Tensor]:
    """Coarse and final frame from an encoded source and the mask that drives it.

    The coarse frame and the masks enter h without gradient: the fine loss teaches h alone (section
    3.1), at test time it makes no difference.
    """
    size = encoded[keys.SOURCE].shape[1]
    coarse = networks.low_res_generator(
        {
            keys.SOURCE_SMALL: encoded[keys.SOURCE_SMALL],
            keys.SOURCE_MASK: encoded[keys.SOURCE_MASK],
            keys.DRIVING_MASK: driving_mask,
        },
        training=training,
    )[keys.COARSE]
    frame = networks.high_res_generator(
        {
            keys.SOURCE: encoded[keys.SOURCE],
            keys.SOURCE_MASK: resize_bilinear(tf.stop_gradient(encoded[keys.SOURCE_MASK]), size),
            keys.COARSE: tf.stop_gradient(coarse),
            keys.DRIVING_MASK: resize_bilinear(tf.stop_gradient(driving_mask), size),
        },
        training=training,
    )[keys.FRAME]
    return {keys.COARSE: coarse, keys.FRAME: frame}
