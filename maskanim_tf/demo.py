"""`make demo`: what the system does, shown on embedded data."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np

from maskanim_tf import names
from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option, save_config
from maskanim_tf.data.panels import draw_panel, write_picture
from maskanim_tf.data.puppets import make_clip
from maskanim_tf.models import Animator


@dataclasses.dataclass(frozen=True)
class DemoOptions(Section):
    """Options of the command."""

    output: str = option("out/demo", "folder that the results are written into")


def main(config: Config, options: DemoOptions) -> None:
    """Builds the networks of the configuration and shows one forward pass on two puppets."""
    output = Path(options.output)
    save_config(config, output)
    started = time.perf_counter()
    animator = Animator(config.model, config.perturbation)
    parameters = sum(int(np.prod(weight.shape)) for weight in animator.trainable_weights)
    print(f"built four networks with {parameters:,} parameters")
    result = animator(embedded_sample(config))
    path = output / "forward_pass.png"
    write_picture(path, draw_panel({key: np.asarray(value) for key, value in result.items()}))
    print(
        f"one forward pass of untrained networks after {time.perf_counter() - started:.1f} s; "
        f"look at {path}"
    )


def embedded_sample(config: Config, count: int = 4) -> dict[str, np.ndarray]:
    """Frames of two different puppets, float32 `[count, size, size, 3]` in [0, 1]."""
    size = config.model.image_size
    clips = [make_clip(config.seed, index, size=size, frames=8 * count) for index in range(2)]
    source, driving = (clip.frames[::8].astype(np.float32) / 255 for clip in clips)
    return {names.SOURCE: np.repeat(source[:1], count, 0), names.DRIVING: driving}


if __name__ == "__main__":
    run_command(main, Config, DemoOptions)
