"""Writes a small weight file: `python -m maskanim_tf.convert_weights --checkpoint=X --output=Y`.

The result holds the networks in float16 and the configuration, without what only training needs;
every command that takes a checkpoint takes it as well. The embedded weights were made with it.

With `--release=DIR --variant=release --dataset=vox` the weights are those that the authors trained
with PyTorch. The folder holds `mask_generator.npz`, `mask_refiner.npz`, `low_res_generator.npz` and
`high_res_generator.npz`, each made from a network of theirs by
`numpy.savez(path, **{name: value.numpy() for name, value in network.state_dict().items()})`.
"""

from __future__ import annotations

import dataclasses
import os

from maskanim_tf.commands import run_command
from maskanim_tf.config import Config, Section, option
from maskanim_tf.models import load_animator
from maskanim_tf.models.checkpoint import write_weights
from maskanim_tf.models.release_weights import read_release


@dataclasses.dataclass(frozen=True)
class ConvertOptions(Section):
    """Options of the command."""

    checkpoint: str = option("", "checkpoint of a run, or another weight file")
    release: str = option("", "folder of the authors' weights, in the place of a checkpoint")
    output: str = option("", "path of the small weight file, ending in .npz")


def main(options: ConvertOptions, config: Config) -> None:
    """Writes the small file and says how small it is."""
    if bool(options.checkpoint) == bool(options.release) or not options.output.endswith(".npz"):
        raise ValueError("needs --checkpoint=FILE or --release=DIR, and --output=FILE.npz")
    if options.release:
        if config.variant != "release":
            raise ValueError("the authors' weights are for their networks: add --variant=release")
        networks = read_release(options.release, config.model)
    else:
        animator, config = load_animator(options.checkpoint)
        networks = animator.networks
    count = write_weights(options.output, networks, config)
    size = os.path.getsize(options.output) / 2**20
    print(f"{options.output}: {count:,} values, {size:.2f} MiB")


if __name__ == "__main__":
    run_command(main, ConvertOptions, Config)
