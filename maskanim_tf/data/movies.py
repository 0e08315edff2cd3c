"""Writing videos that browsers play: H.264 in mp4, through PyAV."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np

from maskanim_tf.files import atomic_path


def write_movie(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: float) -> int:
    """Writes frames one by one; the file appears only when whole.

    Args:
      path: ends in .mp4.
      frames: uint8 `[height, width, 3]` each, RGB, all of one even height and width.
      fps: frames per second.

    Returns:
      The number of frames.

    Raises:
      ValueError: there is no frame, or a side is odd, which H.264 with 4:2:0 colour cannot hold.
      OSError: the file cannot be written.
    """
    count = 0
    with atomic_path(path) as partial, av.open(os.fspath(partial), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.pix_fmt = "yuv420p"
        # 18 is visually lossless; the small pictures here would suffer from the default, 23.
        stream.options = {"crf": "18"}
        for frame in frames:
            height, width = frame.shape[:2]
            if height % 2 or width % 2:
                raise ValueError(f"{path}: frames are {width}x{height}, but both must be even")
            if not count:
                stream.width, stream.height = width, height
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
            count += 1
        if not count:
            raise ValueError(f"{path}: there is no frame to write")
        container.mux(stream.encode())
    return count
