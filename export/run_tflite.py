"""Animates a video with TFLite files alone.

`python -m export.run_tflite --model=models/tflite --source=me.png --driving=dance.mp4`
"""

from __future__ import annotations

from maskanim_tf.commands import run_command  # Before TensorFlow.

# isort: split
from export.frame_loop import RunOptions, animate_video
from export.tflite_runtime import TfliteRuntime


def main(options: RunOptions) -> None:
    """Writes the animation."""
    animate_video(TfliteRuntime, options)


if __name__ == "__main__":
    run_command(main, RunOptions)
