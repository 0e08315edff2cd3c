"""Configuration: frozen dataclasses that check their values."""

from maskanim_tf.config.section import Section, option
from maskanim_tf.config.sections import (
    AugmentationConfig,
    Config,
    DataConfig,
    HourglassConfig,
    LossConfig,
    LowResConfig,
    ModelConfig,
    PerturbationConfig,
    TrainingConfig,
)
from maskanim_tf.config.variants import default_config

__all__ = [
    "AugmentationConfig",
    "Config",
    "DataConfig",
    "HourglassConfig",
    "LossConfig",
    "LowResConfig",
    "ModelConfig",
    "PerturbationConfig",
    "Section",
    "TrainingConfig",
    "default_config",
    "option",
]
