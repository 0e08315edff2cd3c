r"""Prepares videos for training at scale: decoded, cut, resized, written as TFRecord shards.

    python -m maskanim_tf.data.prepare --input=VIDEOS --output=SHARDS --image_size=256
    python -m maskanim_tf.data.prepare --input=VIDEOS --output=s3://bucket/shards \
        -- --runner=FlinkRunner --flink_master=host:8081

What follows a lone `--` are pipeline options of Apache Beam. Run again after an interruption, it
makes only what is missing. `maskanim_tf.data.shards` reads the result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from maskanim_tf.commands import run_command
from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.prepare.plan import PrepareConfig


def main(config: PrepareConfig, beam_arguments: Sequence[str]) -> None:
    """Prepares what the flags ask for and says what came out."""
    manifest = prepare(config, beam_arguments, progress=True)
    for split, summary in manifest["splits"].items():
        left_out = len(summary["skipped"]) + len(summary["static"])
        print(
            f"{config.output}/{split}: {summary['clips']} clips, {summary['frames']} frames in "
            f"{len(summary['shards'])} shards" + (f"; {left_out} left out" if left_out else "")
        )


if __name__ == "__main__":
    here = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    beam_options = sys.argv[here + 1 :]
    run_command(lambda config: main(config, beam_options), PrepareConfig, argv=sys.argv[:here])
