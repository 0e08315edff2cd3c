"""`python -m maskanim_tf.animate --source=PICTURE --driving=VIDEO --output=result.mp4`."""

from __future__ import annotations

import dataclasses

from maskanim_tf.commands import assume_frozen_weights, run_command, say

# Before TensorFlow, as it says there.
# isort: split
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.animation.jobs import run_job
from maskanim_tf.animation.options import AnimationOptions, FootageOptions
from maskanim_tf.config import option
from maskanim_tf.inference import PRECISIONS, resolve_precision, rewrite
from maskanim_tf.models import ABLATIONS, load_animator
from maskanim_tf.models.presets import weights_name


@dataclasses.dataclass(frozen=True)
class AnimateOptions(FootageOptions):
    """Options of the command, besides those of `AnimationOptions`."""

    checkpoint: str = option("", "weight file of a run; the embedded one without")
    ablation: str = option("none", "what to leave out of the pipeline", choices=ABLATIONS)
    precision: str = option(
        "auto", "what networks compute in; auto: bfloat16 where it is fast", choices=PRECISIONS
    )


def main(options: AnimateOptions, animation: AnimationOptions) -> None:
    """Animates one pair or many."""

    def load() -> AnimatorGenerator:
        trained, _ = load_animator(options.checkpoint, options.ablation)
        precision = resolve_precision(options.precision, say)
        # As constants, weights would take many times their memory.
        return AnimatorGenerator(
            rewrite(trained, shared=True, precision=precision), weights_name(options.checkpoint)
        )

    run_job(load, options, animation)


if __name__ == "__main__":
    assume_frozen_weights()
    run_command(main, AnimateOptions, AnimationOptions)
