"""What the authors' published code does differently from the paper."""

from __future__ import annotations

from maskanim_tf.config.sections import (
    VGG_LAYERS,
    AugmentationConfig,
    Config,
    DataConfig,
    LossConfig,
    ModelConfig,
    PerturbationConfig,
    TrainingConfig,
)


def default_config(variant: str = "paper", dataset: str = "custom") -> Config:
    """The settings of the paper, or of the release, for one of the paper's data sets.

    Raises:
      ValueError: unknown variant or data set.
    """
    taichi = dataset == "taichi"
    data = DataConfig(dataset=dataset, repeats=150 if taichi else 75, id_sampling=dataset == "vox")
    if variant == "paper":
        return Config(data=data)
    return Config(
        variant=variant,
        model=ModelConfig(encoder_order="norm_relu", temperature=0.1, mask_border=True),
        perturbation=PerturbationConfig(
            threshold="fixed",
            fixed_threshold=(60 if taichi else 100) / 255,
            noise_sign="random",
        ),
        augmentation=AugmentationConfig(shared_jitter=True),
        loss=LossConfig(pyramid_levels=4, vgg_layers=VGG_LAYERS[: 5 if taichi else 3]),
        training=TrainingConfig(batch_size=20 if taichi else 16, beta_2=0.999),
        data=data,
    )
