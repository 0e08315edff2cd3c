"""Writing moving pictures, frame by frame, through PyAV: H.264 in mp4, animated GIF and WebP."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from maskanim_tf.data.sound import Sound
from maskanim_tf.files import atomic_path

Options = dict[str, str]
REMEDY = "check the folder, its permissions and the free space"


@dataclasses.dataclass(frozen=True)
class MovieFormat:
    """How FFmpeg writes the files of one suffix.

    Attributes:
      container: name of the container format.
      encoder: name of the encoder.
      pixels: what the encoder takes.
      encoder_options: settings of the encoder.
      container_options: settings of the container.
    """

    container: str
    encoder: str
    pixels: str
    encoder_options: Options
    container_options: Options


MOVIE_FORMATS = {
    # 18 is visually lossless; the small pictures here would suffer from the default, 23. Players
    # guess the matrix that RGB was converted by unless it is named. With the index in front a
    # browser starts before it has the whole file.
    ".mp4": MovieFormat(
        "mp4",
        "libx264",
        "yuv420p",
        {"crf": "18", "colorspace": "smpte170m"},
        {"movflags": "+faststart"},
    ),
    ".gif": MovieFormat("gif", "gif", "pal8", {}, {"loop": "0"}),
    ".webp": MovieFormat("webp", "libwebp_anim", "yuv420p", {"quality": "90"}, {"loop": "0"}),
}


def write_movie(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    fps: float,
    sound: Sound | None = None,
) -> int:
    """Writes frames one by one; the file appears only when whole.

    The encoder of WebP hands over the file at its end and keeps the compressed frames until then;
    for the others memory does not grow with the number of frames.

    Args:
      path: ends in one of `MOVIE_FORMATS`.
      frames: uint8 `[height, width, 3]` each, RGB, all of one height and width, even for .mp4.
      fps: frames per second.
      sound: goes into the same .mp4; the other formats have none.

    Returns:
      The number of frames.

    Raises:
      ValueError: unknown suffix, there is no frame, or a side is odd, which H.264 with 4:2:0 colour
        cannot hold.
      OSError: the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in MOVIE_FORMATS:
        raise ValueError(f"{path}: a movie ends in one of {', '.join(MOVIE_FORMATS)}")
    form = MOVIE_FORMATS[suffix]
    sound = sound if form.container == "mp4" else None
    with atomic_path(path) as partial, _clear_errors(str(path)):
        return _write(partial, frames, fps, form, sound, str(path))


def _write(
    partial: Path,
    frames: Iterable[np.ndarray],
    fps: float,
    form: MovieFormat,
    sound: Sound | None,
    name: str,
) -> int:
    rate = Fraction(fps).limit_denominator(1001)
    count = 0
    options = form.container_options
    with av.open(os.fspath(partial), "w", format=form.container, options=options) as container:
        stream = cast(av.VideoStream, container.add_stream(form.encoder, rate=rate))
        stream.pix_fmt = form.pixels
        stream.options = dict(form.encoder_options)
        if sound is not None:
            sound.attach(container)
        for picture in _pictures(frames, form, rate, name):
            if not count:
                stream.width, stream.height = picture.width, picture.height
            container.mux(stream.encode(picture))
            count += 1
            if sound is not None:
                sound.write_until(float(count / rate))
        if not count:
            raise ValueError(f"{name}: there is no frame to write")
        container.mux(stream.encode())
        if sound is not None:
            sound.write_until(math.inf)
    return count


def _pictures(
    frames: Iterable[np.ndarray], form: MovieFormat, rate: Fraction, name: str
) -> Iterator[av.VideoFrame]:
    """Frames as FFmpeg takes them, with their times; those for GIF with a palette each."""
    graph = None
    for index, frame in enumerate(frames):
        height, width = frame.shape[:2]
        if form.container == "mp4" and (height % 2 or width % 2):
            raise ValueError(f"{name}: frames are {width}x{height}, but both must be even")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        if form.pixels == "pal8":
            graph = graph or _palette_graph(width, height, 1 / rate)
            graph.vpush(picture)
            picture = graph.vpull()
        picture.pts, picture.time_base = index, 1 / rate
        yield picture


def _palette_graph(width: int, height: int, time_base: Fraction) -> av.filter.Graph:
    """A filter that gives every picture the best palette of its own."""
    graph = av.filter.Graph()
    form = av.VideoFormat("rgb24", width, height)
    source = graph.add_buffer(width=width, height=height, format=form, time_base=time_base)
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


@contextlib.contextmanager
def _clear_errors(name: str) -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        reason = error.strerror or "unknown reason"
        raise OSError(f"{name}: cannot be written ({reason}); {REMEDY}") from error
