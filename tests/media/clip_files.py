"""Makes clips whose frames show their own index, so that any decoded frame names itself."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

HEIGHT, WIDTH = 64, 96
BITS = 10
# Long groups of pictures, three B-frames, and key frames that do not cut their group off.
B_FRAMES = {
    "x264-params": "keyint=60:min-keyint=60:scenecut=0:bframes=3:b-adapt=0:open-gop=1",
    "preset": "ultrafast",
}


def numbered_frame(index: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """uint8 RGB `[height, width, 3]`: ten cells, light where the bit of `index` is set."""
    frame = np.full((height, width, 3), 40, np.uint8)
    for rows, columns in _cells(index):
        frame[rows, columns] = 220
    return frame


def shown_index(frame: np.ndarray) -> int:
    """The index that a decoded frame shows."""
    return sum(
        1 << bit
        for bit in range(BITS)
        for rows, columns in [_cell(bit)]
        if frame[rows, columns].mean() > 128
    )


def numbered_frames(count: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return np.stack([numbered_frame(index, height, width) for index in range(count)])


def write_video(
    path: Path,
    frames: np.ndarray,
    codec: str = "libx264",
    fps: int = 25,
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Sequence[float] | None = None,
    container_options: dict[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """Encodes uint8 RGB `[count, height, width, 3]` with PyAV; `times` in seconds."""
    base = Fraction(1, 1000)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixel_format
        stream.options = options or {}
        if times is not None:
            stream.codec_context.time_base = base
        audio = container.add_stream("aac", rate=8000) if sound else None
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.time_base = Fraction(1, fps) if times is None else base
            frame.pts = index if times is None else round(times[index] * 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if audio is not None:
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            silence.sample_rate, silence.pts = 8000, 0
            container.mux(audio.encode(silence))
            container.mux(audio.encode())
    return path


def write_opencv_video(path: Path, frames: np.ndarray, codec: str, fps: float = 25) -> Path:
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*codec), fps, (frames.shape[2], frames.shape[1])
    )
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return path


def write_rotated_video(path: Path, frames: np.ndarray) -> Path:
    """An MP4 whose display matrix turns the stored frames by 90 degrees clockwise."""
    write_video(path, frames, options={"qp": "0", "preset": "ultrafast"})
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # Past the fields of a version 0 track header.
    one, unit = 1 << 16, 1 << 30
    assert struct.unpack(">9i", data[matrix : matrix + 36]) == (one, 0, 0, 0, one, 0, 0, 0, unit)
    turned = (0, one, 0, -one, 0, 0, frames.shape[1] * one, 0, unit)
    data[matrix : matrix + 36] = struct.pack(">9i", *turned)
    path.write_bytes(data)
    return path


def write_picture(path: Path, pixels: np.ndarray) -> Path:
    """Any OpenCV format; RGB, RGBA or grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
    stored = pixels if pixels.ndim == 2 else pixels[..., order[pixels.shape[-1]]]
    assert cv2.imwrite(str(path), stored)
    return path


def cut(path: Path, target: Path, share: float) -> Path:
    """The first part of a file."""
    data = path.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def _cell(bit: int) -> tuple[slice, slice]:
    top, left = 8 + bit // 5 * 24, 4 + bit % 5 * 18
    return slice(top, top + 16), slice(left, left + 14)


def _cells(index: int) -> list[tuple[slice, slice]]:
    return [_cell(bit) for bit in range(BITS) if index >> bit & 1]


def write_sounding_video(
    path: Path,
    frames: np.ndarray,
    rate: Fraction = Fraction(25),
    codec: str = "aac",
    sound_rate: int = 44100,
    silence: float = 0.5,
) -> Path:
    """A video with a tone as long as its frames, that begins after some seconds of silence."""
    times = np.arange(int(len(frames) / rate * sound_rate)) / sound_rate
    wave = (16000 * np.sin(2 * np.pi * 440 * times) * (times >= silence)).astype(np.int16)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate)
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream(codec, rate=sound_rate)
        audio.codec_context.layout = "mono"
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for start in range(0, len(wave), 1024):
            part = wave[None, start : start + 1024]
            samples = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            samples.sample_rate, samples.pts = sound_rate, start
            samples.time_base = Fraction(1, sound_rate)
            container.mux(audio.encode(samples))
        container.mux(audio.encode())
    return path


def heard(path: Path) -> tuple[str, float, float]:
    """Codec of a file's sound, its length, and when it becomes loud, in seconds."""
    with av.open(str(path)) as container:
        audio = container.streams.audio[0]
        codec, rate = audio.codec_context.codec.canonical_name, audio.rate
        parts = [
            np.abs(frame.to_ndarray().astype(np.float64)).max(0)
            for frame in container.decode(audio)
        ]
    samples = np.concatenate(parts)
    return codec, len(samples) / rate, float(np.argmax(samples > samples.max() / 2)) / rate


def sound_packets(path: Path) -> list[bytes]:
    """The compressed sound of a file."""
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams.audio[0]) if p.size]
