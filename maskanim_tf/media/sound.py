"""The sound of a video file on its way into a movie that is being written.

Packets are copied as they are where the container can carry them and browsers play them there, and
encoded otherwise, to AAC in mp4 and to Opus in WebM. They are written in step with the frames: a
container that got all frames first would keep them in memory until their sound comes.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import cast

import av

from maskanim_tf.media.clip import Clip
from maskanim_tf.media.containers import (
    codec_name,
    open_container,
    read_only,
    sound_tracks,
)
from maskanim_tf.media.errors import ClipError, warn_once
from maskanim_tf.media.video_reader import read_video_index

_log = logging.getLogger(__name__)

# By container: what is copied into it, what anything else becomes, and the rates that this takes;
# of AAC others exist, but these every decoder takes.
FORMS = {
    "mp4": (("aac", "mp3", "opus", "flac"), "aac", (44100, 48000)),
    "webm": (("opus", "vorbis"), "libopus", (48000,)),
}
LAYOUTS = ("mono", "stereo")


def open_sound(
    clip: Clip, wanted: bool, start: float = 0.0
) -> AbstractContextManager[Sound | None]:
    """The sound of a clip, or None where there is none or it is not wanted; see `Sound`.

    Sound that cannot be read is warned about, and there is none.
    """
    if not wanted or clip.kind != "video":
        return nullcontext()
    if clip.has_audio:
        return Sound(clip.path, start)
    with open_container(clip.path) as container:
        if container.streams.audio:
            codec = codec_name(container, clip.path, container.streams.audio)
            warn_once(clip.path, f"no decoder for its sound (codec {codec}); the result is silent")
    return nullcontext()


class Sound:
    """The first sound track of a video file that can be read, from a point in time on.

    Args:
      path: the file.
      start: seconds from its first frame that the movie begins at.
      first: when its first frame is shown, in seconds; found without.

    Raises:
      ValueError: the file cannot be read, or has no sound track that can.
    """

    def __init__(
        self, path: str | os.PathLike[str], start: float = 0.0, first: Fraction | None = None
    ):
        self._path = os.fspath(path)
        if first is None:
            index = read_video_index(self._path)
            # Times count from the first frame, whatever the container lets it start at.
            first = int(index.stamps[0]) * index.tick
        self._begin = first + Fraction(start).limit_denominator(1_000_000)
        self._start = start
        self._input = open_container(self._path)
        tracks = sound_tracks(self._input)
        if not tracks:
            self._input.close()
            raise ClipError(f"{path}: it has no sound track that can be read")
        self._source = tracks[0]
        read_only(self._input, self._source)
        self._packets: Iterator[av.Packet] = iter(())
        self._waiting: av.Packet | None = None
        self._output: av.container.OutputContainer | None = None

    def attach(self, output: av.container.OutputContainer) -> None:
        """Adds a stream to a container that nothing was written to yet."""
        source = self._source
        context = source.codec_context
        copied, encoder, rates = FORMS[output.format.name]
        fits = context.codec.canonical_name in copied
        if fits and fits_into(output.format.name, self._path, source.index):
            target = output.add_stream_from_template(source)
            self._packets = self._copied(source, target)
        else:
            rate = context.sample_rate
            rate = rate if rate in rates else 48000
            target = cast(av.AudioStream, output.add_stream(encoder, rate=rate))
            layout = context.layout.name
            target.codec_context.layout = layout if layout in LAYOUTS else "stereo"
            self._packets = self._encoded(source, target)
        self._output = output
        self._waiting = next(self._packets, None)

    def write_until(self, seconds: float) -> None:
        """Writes what has been heard to its end at a time in the movie."""
        assert self._output is not None, "attach comes first"
        while self._waiting is not None and sum(_span(self._waiting)) <= seconds:
            self._output.mux(self._waiting)
            self._waiting = next(self._packets, None)

    def finish(self, seconds: float) -> None:
        """Writes the rest of what begins before the end of the movie, and cuts it off there."""
        assert self._output is not None, "attach comes first"
        while self._waiting is not None and _span(self._waiting)[0] < seconds:
            packet = self._waiting
            begin = _span(packet)[0]
            if packet.duration:
                left = (seconds - begin) / float(packet.time_base)
                packet.duration = max(1, min(packet.duration, round(left)))
            self._output.mux(packet)
            self._waiting = next(self._packets, None)

    def close(self) -> None:
        """Closes the file that is read."""
        self._input.close()

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _copied(self, source: av.AudioStream, target: av.AudioStream) -> Iterator[av.Packet]:
        shift = round(self._begin / (source.time_base or 1))
        for packet in self._until_damage(self._input.demux(source)):
            if not packet.size or packet.pts is None:
                continue
            # What a decoder needs to get going lies before the first frame and stays.
            if self._start and packet.pts + (packet.duration or 0) <= shift:
                continue
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = target
            yield packet

    def _encoded(self, source: av.AudioStream, target: av.AudioStream) -> Iterator[av.Packet]:
        context = target.codec_context
        resampler = av.AudioResampler("fltp", context.layout, context.sample_rate)
        for frame in self._until_damage(self._input.decode(source)):
            if frame.time is None or frame.time + frame.samples / frame.sample_rate <= self._begin:
                continue
            frame.pts -= round(self._begin / frame.time_base)
            for part in resampler.resample(frame):
                yield from target.encode(part)
        for part in resampler.resample(None):
            yield from target.encode(part)
        yield from target.encode()

    def _until_damage(self, items: Iterator) -> Iterator:
        try:
            yield from items
        except av.error.FFmpegError as error:
            _log.warning("%s: its sound ends early (%s)", self._path, error.strerror)


def fits_into(form: str, path: str, track: int) -> bool:
    """Whether a container takes the packets of a sound track as they are: tried with the first."""
    with open_container(path) as container, io.BytesIO() as nowhere:
        source = container.streams[track]
        read_only(container, source)
        try:
            with av.open(nowhere, "w", format=form) as trial:
                target = trial.add_stream_from_template(source)
                packet = next(p for p in container.demux(source) if p.size)
                packet.pts = packet.dts = 0
                packet.stream = target
                trial.mux(packet)
        except (av.error.FFmpegError, StopIteration, ValueError):
            return False
    return True


def _span(packet: av.Packet) -> tuple[float, float]:
    """When a packet begins, and how long it lasts, in seconds."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    tick = float(packet.time_base or 0)
    return (stamp or 0) * tick, (packet.duration or 0) * tick
