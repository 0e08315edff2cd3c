r"""Prepares videos for training at scale: decoded, cut, resized, written as TFRecord shards.

    python -m maskanim_tf.data.prepare --input=VIDEOS --output=SHARDS --image_size=256
    python -m maskanim_tf.data.prepare --input=VIDEOS --output=s3://bucket/shards \
        --runner=DaskRunner -- --dask_client_address=tcp://HOST:8786

What follows a lone `--` are pipeline options of Apache Beam. Run again after an interruption, it
makes only what is missing. `maskanim_tf.data.shards` reads the result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from maskanim_tf.commands import run_command
from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.prepare.plan import PrepareConfig
from maskanim_tf.engine import EngineOptions, split_command_line


def main(config: PrepareConfig, engine: EngineOptions, beam_arguments: Sequence[str]) -> None:
    """Prepares what the flags ask for and says what came out."""
    manifest = prepare(config, engine.arguments(beam_arguments), progress=True)
    for split, summary in manifest["splits"].items():
        left_out = len(summary["skipped"]) + len(summary["static"])
        print(
            f"{config.output}/{split}: {summary['clips']} clips, {summary['frames']} frames in "
            f"{len(summary['shards'])} shards" + (f"; {left_out} left out" if left_out else "")
        )


if __name__ == "__main__":
    arguments, beam_options = split_command_line(sys.argv)
    run_command(
        lambda config, engine: main(config, engine, beam_options),
        PrepareConfig,
        EngineOptions,
        argv=arguments,
    )
