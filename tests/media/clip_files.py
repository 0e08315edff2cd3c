"""Makes clips whose frames show their own index, so that any decoded frame names itself."""

from __future__ import annotations

import struct
import zlib
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


def _cells(frame: np.ndarray) -> list[np.ndarray]:
    """The pixels of a frame that show each bit of its index."""
    places = [(8 + bit // 5 * 24, 4 + bit % 5 * 18) for bit in range(BITS)]
    return [frame[top : top + 16, left : left + 14] for top, left in places]


def numbered_frame(index: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """uint8 RGB `[height, width, 3]`: ten cells, light where the bit of `index` is set."""
    frame = np.full((height, width, 3), 40, np.uint8)
    for bit, cell in enumerate(_cells(frame)):
        if index >> bit & 1:
            cell[:] = 220
    return frame


def shown_index(frame: np.ndarray) -> int:
    """The index that a decoded frame shows."""
    return sum(1 << bit for bit, cell in enumerate(_cells(frame)) if cell.mean() > 128)


def numbered_frames(count: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return np.stack([numbered_frame(index, height, width) for index in range(count)])


def rgb_frames(pixels: np.ndarray, pixel_format: str = "yuv420p") -> list[av.VideoFrame]:
    """Uint8 RGB or RGBA `[frames, height, width, channels]` as FFmpeg takes it."""
    form = "rgba" if pixels.shape[-1] == 4 else "rgb24"
    return [
        av.VideoFrame.from_ndarray(np.ascontiguousarray(p), format=form).reformat(
            format=pixel_format
        )
        for p in pixels
    ]


def write_video(
    path: Path,
    frames: np.ndarray,
    codec: str = "libx264",
    fps: Fraction | int = 25,
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Sequence[float] | None = None,
    container_options: dict[str, str] | None = None,
    sounds: Sequence[np.ndarray] = (),
    sound_codec: str = "aac",
    sound_rate: int = 44100,
) -> Path:
    """Encodes uint8 RGB `[count, height, width, 3]` with PyAV.

    Frames come at `times` in seconds, or one after another; each of `sounds`, int16 or float32
    `[samples]`, is a track.
    """
    tick = 1 / Fraction(fps) if times is None else Fraction(1, 1000)
    with av.open(str(path), "w", options=container_options or {}) as container:
        film = container.add_stream(codec, rate=fps)
        film.height, film.width = frames.shape[1:3]
        film.pix_fmt, film.options = pixel_format, options or {}
        if times is not None:
            film.codec_context.time_base = tick
        tracks = [container.add_stream(sound_codec, rate=sound_rate) for _ in sounds]
        for track in tracks:
            track.codec_context.layout = "mono"
        for number, frame in enumerate(rgb_frames(frames, pixel_format)):
            frame.pts = number if times is None else round(times[number] * 1000)
            frame.time_base = tick
            container.mux(film.encode(frame))
        container.mux(film.encode())
        for track, wave in zip(tracks, sounds):
            form = "s16" if wave.dtype == np.int16 else "fltp"
            for start in range(0, len(wave), 1024):
                samples = wave[None, start : start + 1024]
                part = av.AudioFrame.from_ndarray(samples, format=form, layout="mono")
                part.sample_rate, part.pts = sound_rate, start
                part.time_base = Fraction(1, sound_rate)
                container.mux(track.encode(part))
            container.mux(track.encode())
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


def set_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Writes a, b, c, d (-1, 0, 1) into the display matrix of the only track of an MP4."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # Past the fields of a version 0 track header.
    one, unit = 1 << 16, 1 << 30
    assert struct.unpack(">9i", data[place : place + 36]) == (one, 0, 0, 0, one, 0, 0, 0, unit)
    a, b, c, d = (one * value for value in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, unit)
    path.write_bytes(data)
    return path


def write_rotated_video(path: Path, frames: np.ndarray) -> Path:
    """An MP4 whose display matrix turns the stored frames by 90 degrees clockwise."""
    write_video(path, frames, options={"qp": "0", "preset": "ultrafast"})
    return set_matrix(path, (0, 1, -1, 0))


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


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
    return write_video(
        path, frames, fps=rate, sounds=[wave], sound_codec=codec, sound_rate=sound_rate
    )


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
