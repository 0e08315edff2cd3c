"""A picture moves like a video: frames, views and files; see `docs/animation.md`."""

from maskanim_tf.animation.generation import generate_frames
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.video import AnimatedVideo, animate_video

__all__ = ["AnimatedVideo", "AnimationOptions", "animate_video", "generate_frames"]
