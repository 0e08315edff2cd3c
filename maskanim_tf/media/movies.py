"""Writing films frame by frame, through PyAV: H.264 in mp4, VP9 in WebM, animated GIF and WebP."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from maskanim_tf.media.clock import Clock, Timing
from maskanim_tf.media.provenance import Provenance, add_note
from maskanim_tf.media.sound import Sound
from maskanim_tf.storage.files import atomic_path

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
      tick: unit of time stamps in seconds where frames are shown for different times.
      longest: ticks that a frame can be shown for; a longer one is written several times.
      uneven_options: more settings of the encoder in that case.
      clear_pixels: what the encoder takes where frames are transparent; "" if it cannot.
    """

    container: str
    encoder: str
    pixels: str
    encoder_options: Options
    container_options: Options
    tick: Fraction
    longest: int
    uneven_options: Options = dataclasses.field(default_factory=dict)
    clear_pixels: str = ""


CLEAR = "rgba"
# Formats that hold sound.
SOUNDING = ("mp4", "webm")

MOVIE_FORMATS = {
    # 18 is visually lossless; the small pictures here would suffer from the default, 23. Players
    # guess the matrix that RGB was converted by unless it is named. With the index in front a
    # browser starts before it has the whole file. The durations in an MP4 are those between
    # decoded frames, which B-frames, decoded out of order, make those of other frames.
    ".mp4": MovieFormat(
        "mp4",
        "libx264",
        "yuv420p",
        {"crf": "18", "colorspace": "smpte170m"},
        {"movflags": "+faststart"},
        Fraction(1, 90_000),
        1 << 30,
        {"bf": "0"},
    ),
    # Constant quality; lighter settings take several times as long for a few percent.
    ".webm": MovieFormat(
        "webm",
        "libvpx-vp9",
        "yuv420p",
        {"crf": "20", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
        {},
        Fraction(1, 1000),
        1 << 30,
        clear_pixels="yuva420p",
    ),
    ".gif": MovieFormat("gif", "gif", "pal8", {}, {"loop": "0"}, Fraction(1, 100), (1 << 16) - 1),
    ".webp": MovieFormat(
        "webp",
        "libwebp_anim",
        "yuv420p",
        {"quality": "90"},
        {"loop": "0"},
        Fraction(1, 1000),
        (1 << 24) - 1,
        clear_pixels="yuva420p",
    ),
}


def clear_endings() -> str:
    """The endings of films that can be transparent, for messages."""
    return " or ".join(ending for ending, form in MOVIE_FORMATS.items() if form.clear_pixels)


def write_movie(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    timing: Timing,
    sound: Sound | None = None,
    note: Provenance | None = None,
) -> int:
    """Writes frames one by one; the file appears only when whole.

    The encoder of WebP hands over the file at its end and keeps the compressed frames until then;
    for the others memory does not grow with the number of frames.

    Args:
      path: ends in one of `MOVIE_FORMATS`.
      frames: uint8 `[height, width, 3]` each, RGB, all of one height and width, even for .mp4;
        with a fourth channel of opacity for .webm and .webp.
      timing: frames per second, or seconds for which each frame is shown.
      sound: goes into the same .mp4 or .webm and ends with the frames; the other formats have none.
      note: what the file says about itself.

    Returns:
      The number of frames.

    Raises:
      ValueError: unknown suffix, there is no frame, a time is not in (0, 86400] seconds, a side is
        odd, which H.264 with 4:2:0 colour cannot hold, or the format knows no transparency.
      OSError: the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in MOVIE_FORMATS:
        raise ValueError(f"{path}: a movie ends in one of {', '.join(MOVIE_FORMATS)}")
    form = MOVIE_FORMATS[suffix]
    sound = sound if form.container in SOUNDING else None
    clock = Clock(timing, form.tick)
    with atomic_path(path) as partial, _clear_errors(str(path)):
        return _write(partial, frames, clock, form, sound, note, str(path))


def _write(
    partial: Path,
    frames: Iterable[np.ndarray],
    clock: Clock,
    form: MovieFormat,
    sound: Sound | None,
    note: Provenance | None,
    name: str,
) -> int:
    count = 0
    options = form.container_options
    with av.open(os.fspath(partial), "w", format=form.container, options=options) as container:
        stream = cast(av.VideoStream, container.add_stream(form.encoder, rate=clock.rate))
        stream.pix_fmt = form.pixels
        stream.options = {**form.encoder_options, **({} if clock.even else form.uneven_options)}
        stream.codec_context.time_base = clock.tick
        if note is not None:
            container.metadata["comment"] = note.text
        if sound is not None:
            sound.attach(container)
        for picture in _pictures(frames, form, clock, name):
            if not count:
                stream.width, stream.height = picture.width, picture.height
                if picture.format.name == CLEAR:
                    stream.pix_fmt = form.clear_pixels
                    if form.container == "webm":
                        stream.metadata["alpha_mode"] = "1"
            for stamp in clock.parts(count, form.longest):
                picture.pts, picture.time_base = stamp, clock.tick
                container.mux(_timed(stream.encode(picture), clock, form))
            count += 1
            if sound is not None:
                sound.write_until(clock.seconds(count))
        if not count:
            raise ValueError(f"{name}: there is no frame to write")
        container.mux(_timed(stream.encode(), clock, form))
        if sound is not None:
            sound.finish(clock.seconds(count))
    if note is not None:
        add_note(partial, form.container, note, stream.width, stream.height)
    return count


def _timed(packets: list[av.Packet], clock: Clock, form: MovieFormat) -> list[av.Packet]:
    """Packets with the durations that encoders do not know, that of the last one above all."""
    if form.container == "webp":
        return [_timed_webp(packet, clock) for packet in packets]
    if not clock.even:
        for packet in packets:
            packet.duration = clock.duration(packet.pts or 0, form.longest)
    return packets


def _timed_webp(packet: av.Packet, clock: Clock) -> av.Packet:
    """A whole animation whose last frame is shown as long as it should: libwebp guesses that."""
    data = bytearray(bytes(packet))
    shown = last_place = last = 0
    place = 12  # Behind RIFF, its size and WEBP, chunks follow: name, size, content, even in size.
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place : place + 4] == b"ANMF":
            last_place = place + 20
            last = int.from_bytes(data[last_place : last_place + 3], "little")
            shown += last
        place += 8 + size + size % 2
    if not last_place:
        return packet
    wanted = round(clock.total * 1000) - (shown - last)
    data[last_place : last_place + 3] = max(1, wanted).to_bytes(3, "little")
    timed = av.Packet(bytes(data))
    timed.pts, timed.dts, timed.time_base = packet.pts, packet.dts, packet.time_base
    timed.stream = packet.stream
    return timed


def _pictures(
    frames: Iterable[np.ndarray], form: MovieFormat, clock: Clock, name: str
) -> Iterator[av.VideoFrame]:
    """Frames as FFmpeg takes them; those for GIF with a palette each."""
    graph = None
    for frame in frames:
        height, width = frame.shape[:2]
        if form.container == "mp4" and (height % 2 or width % 2):
            raise ValueError(f"{name}: frames are {width}x{height}, but both must be even")
        pixels = CLEAR if frame.shape[-1] == 4 else "rgb24"
        if pixels == CLEAR and not form.clear_pixels:
            raise ValueError(f"{name}: this format knows no transparency; use {clear_endings()}")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=pixels)
        if form.pixels == "pal8":
            graph = graph or _palette_graph(width, height, clock.tick)
            graph.vpush(picture)
            picture = graph.vpull()
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
