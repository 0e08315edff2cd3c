"""Whether an export computes what the Keras model computes.

P_test cuts a mask at its median, and a pixel that lies as near to the median as rounding reaches
may fall on either side: two equally good implementations then give different masks, and different
frames. So the comparison has two parts, and neither looks away. The perturbed mask must lie between
those that a slightly higher and a slightly lower threshold give (P_test falls with its threshold).
Frames must be those that the Keras model renders from that very mask. How many frames had pixels on
the other side is reported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from maskanim_tf import keys
from maskanim_tf.config import Config
from maskanim_tf.export.export_options import ExportOptions, sample_clips
from maskanim_tf.models import Animator
from maskanim_tf.ops.perturbation import rho, shrink, threshold
from maskanim_tf.ops.resizing import resize_bilinear

FLOAT_BOUND = 1e-4
# Of single pixels; their mean square is smaller by far (docs/measurements.md).
FLOAT16_BOUND = BFLOAT16_BOUND = 0.1
# Distance of the random colours of random frames in pixels.
_RANDOM_STEP = 4
# Compared wherever an export has them; it must have the first three.
COMPARED = (
    keys.SOURCE_MASK,
    keys.PERTURBED_MASK,
    keys.FRAME,
    keys.DRIVING_MASK,
    keys.REFINED_MASK,
    keys.COARSE,
)

# Source `[1, size, size, 3]` and driving frames `[batch, size, size, 3]` to intermediates.
Exported = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]


@dataclasses.dataclass
class Parity:
    """Result of a comparison.

    Attributes:
      differences: largest absolute difference of each output.
      frames: number of driving frames compared.
      flipped: share of them with a pixel on the other side of P_test's threshold.
      l1: mean absolute difference of the real frames from those of the Keras model with its own
        masks.
      psnr: of the same in dB; infinite where they are equal.
    """

    differences: dict[str, float]
    frames: int
    flipped: float
    l1: float
    psnr: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity."""
        psnr = self.psnr if np.isfinite(self.psnr) else None
        return {**dataclasses.asdict(self), "psnr": psnr}

    def require(self, bound: float, what: str) -> None:
        """Raises ValueError where an output differs by more than `bound`, or is no number."""
        for name, difference in self.differences.items():
            if not difference <= bound:
                raise ValueError(
                    f"{what}: {name} differs by {difference:.3g} from the Keras model, more than "
                    f"{bound:g}; nothing was written"
                )

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {value:.1e}" for name, value in self.differences.items())
        return (
            f"{self.frames} frames against Keras, largest differences: {listed}; L1 {self.l1:.2e}, "
            f"PSNR {self.psnr:.1f} dB, threshold flips in {self.flipped:.0%} of the frames"
        )


def check_inputs(
    config: Config, options: ExportOptions, batches: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Source, driving frames and whether they are real: random and real ones per size of batch."""
    size = config.model.image_size
    rng = np.random.default_rng(options.seed)

    def random_frames(count: int) -> np.ndarray:
        # Not noise of single pixels: networks that read between pixels would be judged by it.
        colors = rng.uniform(size=(count, size // _RANDOM_STEP, size // _RANDOM_STEP, 3))
        return resize_bilinear(tf.constant(colors, tf.float32), size).numpy()

    for batch in batches:
        yield random_frames(1), random_frames(batch), False
        clips = list(sample_clips(config, options, 2, max(2, batch)))
        yield clips[0][:1], clips[-1][-batch:], True


def compare(
    animator: Animator,
    exported: Exported,
    inputs: Iterator[tuple[np.ndarray, np.ndarray, bool]],
    margin: float = FLOAT_BOUND,
) -> Parity:
    """Runs an export and the Keras model on the same frames.

    Args:
      animator: the Keras model.
      exported: returns at least source mask, perturbed mask and frame.
      inputs: source, driving frames, and whether they are real; some must be.
      margin: how near to the threshold a pixel of a mask may be decided either way.
    """
    worst: dict[str, float] = {}
    errors, flips = [], []
    for source, driving, real in tqdm(list(inputs), "comparing with Keras", unit="batch"):
        result = exported(source, driving)
        encoded = {
            key: tf.repeat(value, len(driving), 0)
            for key, value in animator.encode_source(source).items()
        }
        mask = animator.encode_driving(driving)
        perturbed = result[keys.PERTURBED_MASK]
        low, middle, high = (_perturbed(animator, mask, shift) for shift in (margin, 0, -margin))
        expected = {
            **encoded,
            keys.DRIVING_MASK: mask,
            keys.PERTURBED_MASK: np.clip(perturbed, low, high),
            **animator.render(encoded, tf.constant(perturbed)),
        }
        for key in COMPARED:
            if key in result:
                difference = np.abs(result[key] - np.asarray(expected[key])).max()
                worst[key] = float(np.maximum(worst.get(key, 0.0), difference))
        if real:
            own = animator.render(encoded, tf.constant(middle))[keys.FRAME].numpy()
            errors.append((result[keys.FRAME] - own).ravel())
        flips.append(np.abs(perturbed - middle).max((1, 2, 3)) > margin)
    error = np.concatenate(errors).astype(np.float64)
    square = np.mean(error**2)
    flipped = np.concatenate(flips)
    return Parity(
        worst,
        len(flipped),
        float(flipped.mean()),
        float(np.abs(error).mean()),
        float(-10 * np.log10(square)) if square else float("inf"),
    )


def _perturbed(animator: Animator, masks: tf.Tensor, shift: float) -> np.ndarray:
    """P_test with its threshold shifted; the mask as it is where the ablation has no P_test."""
    if not animator.perturbs:
        return masks.numpy()
    levels = rho(masks, animator.perturbation) + shift
    return shrink(threshold(masks, levels), animator.perturbation.shrink).numpy()
