"""Makes small films with the peculiarities of real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.media.clip_files import rgb_frames, write_video

LOSSLESS = {
    "libx264": {"qp": "0", "preset": "ultrafast"},
    "libx265": {"x265-params": "lossless=1:log-level=none", "preset": "ultrafast"},
    "libvpx-vp9": {"lossless": "1", "cpu-used": "8", "deadline": "realtime"},
    "libsvtav1": {"crf": "1", "preset": "12", "svtav1-params": "lp=1"},
}
# Red and blue weights of luma, and the number of the matrix: ITU-T H.273, table 4.
MATRICES = {
    "bt709": (0.2126, 0.0722, 1),
    "smpte170m": (0.299, 0.114, 6),
    "bt2020": (0.2627, 0.0593, 9),
}


def flat_planes(
    color: Sequence[float], matrix: str, full: bool, bits: int, pixel_format: str, side: int
) -> av.VideoFrame:
    """A frame of one colour, by the equations of H.273 and nothing of FFmpeg."""
    red_weight, blue_weight, _ = MATRICES[matrix]
    red, green, blue = (value / 255 for value in color)
    luma = red_weight * red + blue_weight * blue + (1 - red_weight - blue_weight) * green
    chroma = (blue - luma) / (2 - 2 * blue_weight), (red - luma) / (2 - 2 * red_weight)
    unit = 1 << (bits - 8)
    if full:
        levels = [luma * (256 * unit - 1), *(c * (256 * unit - 1) + 128 * unit for c in chroma)]
    else:
        levels = [(16 + 219 * luma) * unit, *((128 + 224 * c) * unit for c in chroma)]
    frame = av.VideoFrame(side, side, pixel_format)
    kind = np.uint8 if bits == 8 else np.uint16
    for plane, level in zip(frame.planes, levels):
        count = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(np.full(count, round(level), kind).tobytes())
    return frame


def write_frames(
    path: Path,
    frames: Iterable[av.VideoFrame],
    codec: str,
    stamps: Sequence[int] | None = None,
    rate: Fraction | int = 25,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    **attributes: object,
) -> Path:
    """Encodes frames as they are; `attributes` of the encoder, `stamps` in frames of `rate`."""
    frames = list(frames)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = frames[0].width, frames[0].height
        stream.pix_fmt = frames[0].format.name
        stream.options = LOSSLESS.get(codec, {}) if options is None else options
        stream.metadata.update(metadata or {})
        for name, value in attributes.items():
            setattr(stream.codec_context, name, value)
        for number, frame in enumerate(frames):
            frame.pts = stamps[number] if stamps is not None else number
            frame.time_base = 1 / Fraction(rate)
            for name in ("color_range", "colorspace", "color_trc", "color_primaries"):
                if name in attributes and hasattr(frame, name):
                    setattr(frame, name, attributes[name])
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def rename_codecs(path: Path, names: dict[bytes, bytes], target: Path) -> Path:
    """A copy of an MP4 whose sample descriptions have other names; each replaced once."""
    data = path.read_bytes()
    for old, new in names.items():
        place = data.index(b"stsd", data.index(b"moov"))
        while data[place + 16 : place + 20] != old:
            place = data.index(b"stsd", place + 4)
        data = data[: place + 16] + new + data[place + 20 :]
    target.write_bytes(data)
    return target


def write_growing_film(path: Path, sizes: Sequence[int], each: int = 5) -> Path:
    """A WebM whose square pictures change their size on the way; grey grows with the number."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width = stream.height = sizes[0]
        stream.pix_fmt = "yuv420p"
        for part, size in enumerate(sizes):
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width = encoder.height = size
            encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
            encoder.options = {"deadline": "realtime", "cpu-used": "8"}
            packets = []
            for number in range(part * each, part * each + each):
                level = np.full((size, size, 3), 20 + 10 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(level, format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                packets += encoder.encode(frame)
            for packet in packets + encoder.encode():
                packet.stream = stream
                container.mux(packet)
    return path


def write_with_cover(path: Path, frames: np.ndarray) -> Path:
    """An MP4 with a cover, which FFmpeg lists as a track of pictures of its own."""
    with av.open(str(path), "w") as container:
        film = container.add_stream("libx264", rate=25)
        cover = container.add_stream("mjpeg", rate=25)
        film.height, film.width = frames.shape[1:3]
        film.pix_fmt, cover.pix_fmt = "yuv420p", "yuvj420p"
        cover.height = cover.width = 32
        cover.disposition = av.stream.Disposition.attached_pic.value
        white = rgb_frames(np.full((1, 32, 32, 3), 255, np.uint8), "yuvj420p")
        for stream, pictures in ((cover, white), (film, rgb_frames(frames))):
            for number, frame in enumerate(pictures):
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


def trim(path: Path, target: Path, start: float) -> Path:
    """An MP4 that an edit list lets begin later, as cutters that copy packets write it."""
    with (
        av.open(str(path)) as source,
        av.open(str(target), "w", options={"avoid_negative_ts": "disabled"}) as container,
    ):
        track = source.streams.video[0]
        stream = container.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.size:
                packet.pts -= round(start / packet.time_base)
                packet.dts -= round(start / packet.time_base)
                packet.stream = stream
                container.mux(packet)
    return target


def write_sparse_film(path: Path, frames: np.ndarray, times: Sequence[float]) -> Path:
    """Few frames, far apart, with three tracks of sound between them."""
    silence = np.zeros(int(times[-1] * 8000), np.float32)
    return write_video(path, frames, times=times, sounds=[silence] * 3, sound_rate=8000)
