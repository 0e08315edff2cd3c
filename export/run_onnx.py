"""Animates a video with ONNX files alone.

`python -m export.run_onnx --model=models/onnx --source=me.png --driving=dance.mp4`
"""

from __future__ import annotations

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from export.frame_loop import RunOptions, animate_video
from export.onnx_runtime import OnnxRuntime


def main(options: RunOptions) -> None:
    """Writes the animation."""
    animate_video(OnnxRuntime, options)


if __name__ == "__main__":
    run_command(main, RunOptions)
