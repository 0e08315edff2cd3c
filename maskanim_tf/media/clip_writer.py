"""Writing puppet videos, whole or not at all."""

from __future__ import annotations

import os

import cv2
import numpy as np

from maskanim_tf.media.panels import write_picture
from maskanim_tf.storage.files import atomic_path

# Four-character codes of encoders that are part of the opencv-python wheels.
_CODECS = {"mp4": "mp4v", "avi": "FFV1"}
FORMATS = (*_CODECS, "frames")


def video_path(folder: str, name: str, file_format: str) -> str:
    """Where a clip goes: a file with the format's extension, or for `frames` a folder."""
    return os.path.join(folder, name if file_format == "frames" else f"{name}.{file_format}")


def write_video(path: str, frames: np.ndarray, fps: float) -> None:
    """Writes a video file, or a folder of PNG files if the path has no extension of a video.

    Args:
        path: ends in `.mp4` or `.avi`, or names a folder.
        frames: RGB uint8 `[frames, height, width, 3]`; height and width even for video files.
        fps: frames per second; a folder does not keep it.

    Raises:
        OSError: if the file cannot be written.
    """
    codec = _CODECS.get(os.path.splitext(path)[1][1:])
    with atomic_path(path) as partial:
        if codec is None:
            for index, frame in enumerate(frames):
                write_picture(partial / f"{index:05d}.png", frame)
            return
        height, width = frames.shape[1:3]
        writer = cv2.VideoWriter(str(partial), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
        try:
            if not writer.isOpened():
                raise OSError(f"cannot write {path}: OpenCV has no {codec} encoder, or no access")
            for frame in frames:
                writer.write(np.ascontiguousarray(frame[..., ::-1]))
        finally:
            writer.release()
