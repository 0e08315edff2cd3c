"""Frames as the bytes of picture files, as clients send and get them."""

from __future__ import annotations

import cv2
import numpy as np


def encode_png(frame: np.ndarray) -> bytes:
    """A frame, uint8 RGB `[height, width, 3]`, as a PNG file."""
    # Weakly compressed: three times as fast, a tenth larger.
    _, content = cv2.imencode(".png", frame[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return content.tobytes()


def decode_frame(content: bytes) -> np.ndarray:
    """The inverse of `encode_png`, for any format that servers answer in.

    Raises:
      ValueError: it is no picture.
    """
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("the server's answer holds a frame that is no picture")
    return np.ascontiguousarray(pixels[..., ::-1])
