"""A picture moves like somebody in front of a camera, now; see `docs/live.md`.

Capturing, animating and showing run side by side. Between them are slots for the newest frame alone
(`Latest`): who is slow misses frames, and never works on old ones.
"""

from maskanim_tf.animation.live.cameras import Camera, CameraError, open_camera
from maskanim_tf.animation.live.session import LiveFrame, LiveSession
from maskanim_tf.animation.live.sinks import Recorder, VirtualCamera
from maskanim_tf.animation.live.stage import LiveReport, perform
from maskanim_tf.animation.live.window import Window, has_display

__all__ = [
    "Camera",
    "CameraError",
    "LiveFrame",
    "LiveReport",
    "LiveSession",
    "Recorder",
    "VirtualCamera",
    "Window",
    "has_display",
    "open_camera",
    "perform",
]
