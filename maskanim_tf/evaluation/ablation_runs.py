"""Runs the full model and its ablations on one pair after another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maskanim_tf import keys
from maskanim_tf.animation import FrameGenerator
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.animation.whole_picture import take_turns
from maskanim_tf.evaluation.clip_pairs import Pair
from maskanim_tf.evaluation.detectors import Detectors
from maskanim_tf.evaluation.methods import square_frames
from maskanim_tf.evaluation.scoring import (
    Observation,
    Score,
    compare_animation,
    compare_reconstruction,
    observe,
    pool,
)
from maskanim_tf.inference import at_precision
from maskanim_tf.inference.precision import FLOAT32
from maskanim_tf.media.clips import batched, filled
from maskanim_tf.models import ABLATIONS, Animator
from maskanim_tf.ops.pixels import as_bytes

FULL = "full model"


class AblationRuns:
    """The full model and its ablations, which share one set of networks.

    Args:
      animator: the full model.
      detectors: what measures.
      batch_size: frames generated at once.
      precision: what networks compute in, float32 or bfloat16.
    """

    def __init__(
        self,
        animator: Animator,
        detectors: Detectors,
        batch_size: int,
        precision: str = FLOAT32,
    ):
        self._animator = animator
        self._detectors = detectors
        self._batch_size = batch_size
        self.variants: dict[str, list[FrameGenerator]] = {}
        for name, ablation in zip((FULL, *ABLATIONS[1:]), ABLATIONS):
            variant = Animator(animator.model, animator.perturbation, animator.networks, ablation)
            generator = AnimatorGenerator(at_precision(variant, precision))
            self.variants[name] = take_turns(generator, 2)

    def run(
        self, pair: Pair, chosen: int, progress: Callable[[int], object]
    ) -> tuple[dict[str, dict[str, Score]], dict[str, np.ndarray]]:
        """Animates and scores one pair.

        Args:
          pair: a source and a driver.
          chosen: number of the driving frame that is shown.
          progress: is told how many frames are done.

        Returns:
          Per variant its scores; and for the chosen frame every intermediate of the full model, and
          the frame of each ablation under its name.
        """
        size = self._animator.model.image_size
        source, first = (next(square_frames(path, size)) for path in (pair.source, pair.driving))
        for across, own in self.variants.values():
            across.set_source(source)
            own.set_source(first)
        seen_source = observe(self._detectors, source[np.newaxis])
        parts: dict[str, list[dict[str, Score]]] = {variant: [] for variant in self.variants}
        shown: dict[str, np.ndarray] = {}
        done = 0
        for driving in batched(square_frames(pair.driving, size), self._batch_size):
            seen_driving = observe(self._detectors, driving)
            for variant, (across, own) in self.variants.items():
                result = self._animate(across, driving)
                seen = observe(self._detectors, as_bytes(result[keys.FRAME]))
                parts[variant].append(compare_animation(seen_driving, seen_source, seen))
                # The first frame drives itself; it is the source of the reconstruction.
                later = driving[1:] if not done else driving
                if len(later):
                    # L1 and SSIM of the driver rebuilt from its own first frame.
                    made = Observation(as_bytes(self._animate(own, later)[keys.FRAME]))
                    parts[variant].append(compare_reconstruction(Observation(later), made))
                if done <= chosen < done + len(driving):
                    row = {key: value[chosen - done] for key, value in result.items()}
                    shown |= row if variant == FULL else {variant: row[keys.FRAME]}
            done += len(driving)
            progress(len(driving))
        return {variant: pool(scores) for variant, scores in parts.items()}, shown

    def _animate(self, generator: FrameGenerator, driving: np.ndarray) -> dict[str, np.ndarray]:
        result = generator.animate(filled(driving, self._batch_size), keys.INTERMEDIATES)
        return {key: value[: len(driving)] for key, value in result.items()}
