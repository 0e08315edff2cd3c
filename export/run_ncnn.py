"""Animates a video with ncnn files alone.

`python -m export.run_ncnn --model=models/ncnn --source=me.png --driving=dance.mp4`
"""

from __future__ import annotations

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from export.frame_loop import RunOptions, animate_video
from export.ncnn_runtime import NcnnRuntime


def main(options: RunOptions) -> None:
    """Writes the animation."""
    animate_video(NcnnRuntime, options)


if __name__ == "__main__":
    run_command(main, RunOptions)
