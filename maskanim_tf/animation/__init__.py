"""A picture moves like a video: frames, views and files; see `docs/animation.md`.

Nothing here but `animator_generator` knows the networks or loads TensorFlow.
"""

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.animation.generation import generate_frames
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.video import AnimatedVideo, animate_video

__all__ = [
    "AnimatedVideo",
    "AnimationOptions",
    "FrameGenerator",
    "animate_video",
    "generate_frames",
]
