"""The configuration of the whole system; defaults are the paper's settings at full width."""

from __future__ import annotations

import dataclasses
import math

from maskanim_tf.config.section import Section, option

ENCODER_ORDERS = ("relu_norm", "norm_relu")
VGG_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
DATASETS = ("custom", "vox", "taichi", "robonet")
VARIANTS = ("paper", "release")
DRIVER_IDENTITIES = (SAME, OTHER, MIXED) = ("same", "other", "mixed")
# Encoder blocks of the hourglass that compares masks, which are halved once before it
# (models/correspondence.py).
CORRESPONDENCE_BLOCKS = 3
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class HourglassConfig(Section):
    """Width and depth of an encoder-decoder (appendix A)."""

    block_expansion: int = option(64, "channels after the last decoder block", minimum=1)
    max_features: int = option(1024, "largest number of channels of a block", minimum=1)
    blocks: int = option(5, "encoder blocks, and as many decoder blocks", minimum=1, maximum=8)


@dataclasses.dataclass(frozen=True)
class LowResConfig(Section):
    """Width and depth of the low-resolution generator (appendix A)."""

    features: int = option(256, "channels of the residual blocks", minimum=4)
    residual_blocks: int = option(6, "number of residual blocks", minimum=0)
    dilations: tuple[int, ...] = option(
        (1,),
        "spacing of the kernels of the residual blocks, block by block and again from the start; "
        "1 is the paper, wider ones see and move further",
        minimum=1,
    )


@dataclasses.dataclass(frozen=True)
class ModelConfig(Section):
    """The four networks (section 3 and appendix A)."""

    image_size: int = option(256, "height and width of a frame in pixels", minimum=16)
    mask_scale: float = option(
        0.25, "mask size as a fraction of the frame size", choices=(0.25, 0.5, 1.0)
    )
    width: float = option(1.0, "multiplies the channels of every network", above=0)
    encoder_order: str = option(
        "relu_norm", "what follows the convolution of an encoder block", choices=ENCODER_ORDERS
    )
    temperature: float = option(1.0, "divides the logits of both mask networks", above=0)
    mask_border: bool = option(
        False, "last convolution of the mask generator without padding, its result zero-padded"
    )
    mask_skips: bool = option(
        False, "U-Net skips in both mask networks; beyond the paper, details are learned sooner"
    )
    correspondence: int = option(
        0,
        "channels in which r and l compare places of both masks, to fetch source pixels from where "
        "they are; beyond the paper, 0 for none",
        minimum=0,
    )
    mirrored_masks: bool = option(
        False,
        "at test time, masks are the mean of m's and of those of the mirrored frame, mirrored "
        "back; beyond the paper, steadier, for m's time once more",
    )
    driver_share: float = option(
        0.0,
        "at test time, share of the driver's own mask in m_d, the rest is r's; beyond the paper, "
        "expressions follow closer, and more of the driver's shape gets through",
        minimum=0,
        maximum=1,
    )
    mask_generator: HourglassConfig = HourglassConfig(block_expansion=32)
    mask_refiner: HourglassConfig = HourglassConfig()
    low_res_generator: LowResConfig = LowResConfig()
    high_res_generator: HourglassConfig = HourglassConfig()

    def __post_init__(self) -> None:
        super().__post_init__()
        mask_blocks = max(self.mask_generator.blocks, self.mask_refiner.blocks)
        multiple = max(2**self.high_res_generator.blocks, round(2**mask_blocks / self.mask_scale))
        if self.image_size % multiple:
            raise ValueError(
                f"ModelConfig.image_size is {self.image_size}, but must be a multiple of "
                f"{multiple} with mask_scale {self.mask_scale}, {mask_blocks} blocks in the "
                f"mask networks and {self.high_res_generator.blocks} in "
                "high_res_generator; choose such a size, a larger mask_scale or fewer blocks"
            )
        multiple = 2 ** (1 + CORRESPONDENCE_BLOCKS)
        if self.correspondence and self.mask_size % multiple:
            raise ValueError(
                f"ModelConfig.image_size times mask_scale is {self.mask_size}, but must be a "
                f"multiple of {multiple} with correspondence; choose another size, "
                "a larger mask_scale or correspondence=0"
            )

    @property
    def mask_size(self) -> int:
        """Height and width of a mask in pixels."""
        return int(self.image_size * self.mask_scale)

    @property
    def up_blocks(self) -> int:
        """How often the low-resolution generator doubles the size, from masks to frames."""
        return round(-math.log2(self.mask_scale))

    @property
    def in_training(self) -> ModelConfig:
        """The same without what only test time knows."""
        return self.replace(mirrored_masks=False, driver_share=0.0)

    def scaled(self, channels: int) -> int:
        """A number of channels times the width multiplier."""
        return max(1, round(channels * self.width))


@dataclasses.dataclass(frozen=True)
class PerturbationConfig(Section):
    """The identity perturbation of masks, P_test and P_train (sections 3 and 3.1)."""

    threshold: str = option(
        "median", "how the threshold rho is chosen", choices=("median", "fixed")
    )
    fixed_threshold: float = option(
        100 / 255, "rho in [0, 1] where the threshold is fixed", minimum=0, maximum=1
    )
    shrink: float = option(
        0.25, "P_test scales the mask down by this fraction", minimum=0, maximum=0.9
    )
    strips: int = option(6, "strips that P_train cuts a mask into", minimum=1, maximum=16)
    strip_scale: float = option(
        0.25, "P_train scales by a factor in [1 - x, 1 + x]", minimum=0, maximum=0.9
    )
    cut_low: float = option(
        0.23, "first possible cut point, as a fraction of the side", minimum=0, maximum=1
    )
    cut_high: float = option(
        0.72, "last possible cut point, as a fraction of the side", minimum=0, maximum=1
    )
    noise_rate: float = option(
        20.0, "rate of the Poisson noise of P_train in 8-bit units; 0 for none", minimum=0
    )
    noise_sign: str = option(
        "positive", "sign of the Poisson noise", choices=("positive", "random")
    )


@dataclasses.dataclass(frozen=True)
class AugmentationConfig(Section):
    """The colour augmentation A of driving frames, and flips of pairs (section 3.1)."""

    brightness: float = option(0.1, "scaled by a factor in [1 - x, 1 + x]", minimum=0, maximum=1)
    contrast: float = option(0.1, "scaled by a factor in [1 - x, 1 + x]", minimum=0, maximum=1)
    saturation: float = option(0.1, "scaled by a factor in [1 - x, 1 + x]", minimum=0, maximum=1)
    hue: float = option(
        0.1, "shifted by a value in [-x, x], in turns of the colour wheel", minimum=0, maximum=0.5
    )
    horizontal_flip: float = option(
        0.5, "probability of mirroring source and driver", minimum=0, maximum=1
    )
    time_flip: float = option(
        0.5, "probability of exchanging source and driver", minimum=0, maximum=1
    )
    shared_jitter: bool = option(
        False, "also one colour change that source, driver and target share"
    )


@dataclasses.dataclass(frozen=True)
class LossConfig(Section):
    """Loss weights and perceptual features (section 3.1, equations 8 to 10)."""

    mask_weight: float = option(100.0, "lambda_1, weight of the mask loss", minimum=0)
    perceptual_weight: float = option(10.0, "lambda_2, weight of the image losses", minimum=0)
    pyramid_levels: int = option(
        3, "sizes at which images are compared: full, half, quarter, ...", minimum=1, maximum=5
    )
    vgg_layers: tuple[str, ...] = option(
        VGG_LAYERS[:3], "VGG-19 layers whose features are compared", choices=VGG_LAYERS
    )
    vgg_weights: str = option(
        "imagenet", "'imagenet' (Keras' download), 'random', or a path to an .h5 or .npz file"
    )
    vgg_width: float = option(
        1.0, "multiplies the channels of VGG-19; only with vgg_weights=random", above=0, maximum=1
    )
    fetched_weight: float = option(
        0.0,
        "weight of the mean absolute difference of the target from what l fetched by "
        "correspondence; beyond the paper",
        minimum=0,
    )
    mask_prior: float = option(
        0.0,
        "weight, at the first step, of the squared distance of masks from sketches of the "
        "subject by the ground truth of synthetic clips: bright, with dark eyes and mouth; 0 is "
        "the paper",
        minimum=0,
    )
    mask_prior_steps: int = option(
        2000, "steps in which mask_prior falls to zero, in a straight line", minimum=1
    )
    detail_weight: float = option(
        0.0,
        "how much more than other pixels those of eyes, brows and mouth count in mask_prior, the "
        "mask loss and fetched_weight, which compares c and f there, too; needs mask_prior; "
        "beyond the paper",
        minimum=0,
    )
    refiner_start_epoch: int = option(
        1, "epoch, counted from 0, in which the mask refiner starts to learn", minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.vgg_layers:
            raise ValueError(f"LossConfig.vgg_layers is empty; choose from {', '.join(VGG_LAYERS)}")
        if self.vgg_width != 1 and self.vgg_weights != "random":
            raise ValueError(
                f"LossConfig.vgg_width is {self.vgg_width}, but must be 1 with vgg_weights="
                f"{self.vgg_weights!r}: only random weights exist in other widths"
            )
        if self.detail_weight and not self.mask_prior:
            raise ValueError(
                f"LossConfig.detail_weight is {self.detail_weight}, but must be 0 without "
                "mask_prior, which reads the ground truth that tells where details are"
            )


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Section):
    """Optimization and its schedule (section 3.1)."""

    batch_size: int = option(16, "samples of a step over all replicas", minimum=1)
    epochs: int = option(100, "number of epochs", minimum=1)
    max_steps: int = option(0, "end after so many steps, 0 for all epochs", minimum=0)
    learning_rate: float = option(2e-4, "initial learning rate of Adam", above=0)
    beta_1: float = option(0.5, "decay of Adam's first moment", minimum=0, maximum=0.9999)
    beta_2: float = option(0.9, "decay of Adam's second moment", minimum=0, maximum=0.999999)
    milestones: tuple[int, ...] = option(
        (60, 90), "epochs at which the learning rate falls", minimum=1
    )
    decay: float = option(0.1, "factor of the learning rate at a milestone", above=0, maximum=1)
    precision: str = option(
        "float32",
        "type that networks, and with bfloat16 VGG-19 too, compute in; losses and weights stay "
        "float32",
        choices=PRECISIONS,
    )
    accumulate: int = option(
        1, "parts that a replica takes its samples in, one after another, to save memory", minimum=1
    )
    refined_share: float = option(
        0.0,
        "share of samples whose generators are fed the refined mask, as at test time, once the "
        "refiner learns; 0 is the paper",
        minimum=0,
        maximum=1,
    )
    refiner_sees_frames: bool = option(
        False,
        "the coarse loss of samples that see refined masks teaches the refiner, too; beyond the "
        "paper",
    )
    average_decay: float = option(
        0.0,
        "decay of a moving average of the weights, such as 0.999; 0 for none",
        minimum=0,
        maximum=0.99999,
    )


@dataclasses.dataclass(frozen=True)
class DataConfig(Section):
    """Which videos are read, and how often (section 4)."""

    dataset: str = option("custom", "data set whose settings are used", choices=DATASETS)
    data_dir: str = option("", "folder of videos, or prepared shards")
    repeats: int = option(75, "how often a video is drawn in one epoch", minimum=1)
    id_sampling: bool = option(
        False, "clips named <id>#... share a person: draw an id first, then a clip"
    )
    driver_identity: str = option(
        "same",
        "who drives the source in training: itself (the paper), another identity with the same "
        "motion, which needs clips named <identity>#motion<key>, or now one, now the other",
        choices=DRIVER_IDENTITIES,
    )
    other_identity_share: float = option(
        0.5,
        "with driver_identity=mixed, share of samples driven by another identity",
        minimum=0,
        maximum=1,
    )
    held_out: int = option(
        0, "clips kept for testing where data_dir has no train/ and test/", minimum=0
    )
    picture_strips: bool = option(
        False, "pictures that are several times as wide as high are square frames side by side"
    )
    strict: bool = option(False, "an unreadable clip is an error instead of a warning")
    deterministic: bool = option(True, "samples in the same order in every run")
    progress: bool = option(True, "progress bars while clips are looked for")


@dataclasses.dataclass(frozen=True)
class Config(Section):
    """Everything that decides the result of a run."""

    variant: str = option("paper", "the paper, or the authors' published code", choices=VARIANTS)
    seed: int = option(0, "seed of every random choice", minimum=0, maximum=2**31 - 1)
    model: ModelConfig = ModelConfig()
    perturbation: PerturbationConfig = PerturbationConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    loss: LossConfig = LossConfig()
    training: TrainingConfig = TrainingConfig()
    data: DataConfig = DataConfig()

    def __post_init__(self) -> None:
        super().__post_init__()
        smallest = self.model.image_size // 2 ** (self.loss.pyramid_levels - 1)
        deepest = 2 ** max(VGG_LAYERS.index(layer) for layer in self.loss.vgg_layers)
        if smallest < deepest:
            raise ValueError(
                f"LossConfig.pyramid_levels is {self.loss.pyramid_levels}: the smallest image "
                f"would be {smallest}x{smallest}, but {self.loss.vgg_layers[-1]} needs {deepest}"
            )
        if self.loss.fetched_weight and not self.model.correspondence:
            raise ValueError(
                f"LossConfig.fetched_weight is {self.loss.fetched_weight}, but must be 0 without "
                "correspondence, which alone fetches"
            )
        side, perturbation = self.model.mask_size, self.perturbation
        first, last = cut_range(side, perturbation)
        if last - first + 1 < perturbation.strips - 1:
            raise ValueError(
                f"PerturbationConfig.strips is {perturbation.strips}: a mask of side {side} has "
                f"only {max(0, last - first + 1)} cut points between cut_low "
                f"{perturbation.cut_low} and cut_high {perturbation.cut_high}"
            )


def cut_range(side: int, perturbation: PerturbationConfig) -> tuple[int, int]:
    """First and last pixel index at which P_train may cut a mask of this side."""
    return math.ceil(perturbation.cut_low * side), math.floor(perturbation.cut_high * side)
