"""The sound of a video file on its way into a movie that is being written.

Packets are copied as they are where browsers play their codec inside mp4, and encoded to AAC
otherwise. They are written in step with the frames: a container that got all frames first would
keep them in memory until their sound comes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction

import av
from absl import logging

from maskanim_tf.data.clip import Clip

COPIED = ("aac", "mp3", "opus", "flac")
# Others exist, but these two every decoder of AAC takes.
SAMPLE_RATES = (44100, 48000)
LAYOUTS = ("mono", "stereo")


def open_sound(
    clip: Clip, wanted: bool, start: float = 0.0
) -> AbstractContextManager[Sound | None]:
    """The sound of a clip, or None where there is none or it is not wanted; see `Sound`."""
    return Sound(clip.path, start) if wanted and clip.has_audio else nullcontext()


class Sound:
    """The first sound track of a video file, from a point in time on.

    Args:
      path: the video file.
      start: seconds from its first frame that the movie begins at.

    Raises:
      ValueError: the file has no sound track.
      OSError: the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], start: float = 0.0):
        self._path = os.fspath(path)
        self._start = start
        self._input = av.open(os.path.abspath(self._path), metadata_errors="ignore")
        if not self._input.streams.audio:
            self._input.close()
            raise ValueError(f"{path}: it has no sound track")
        self._packets: Iterator[av.Packet] = iter(())
        self._waiting: av.Packet | None = None
        self._output: av.container.OutputContainer | None = None

    def attach(self, output: av.container.OutputContainer) -> None:
        """Adds a stream to a container that nothing was written to yet."""
        source = self._input.streams.audio[0]
        # Times count from the first frame, whatever the container lets it start at.
        first = 0.0
        if self._input.streams.video:
            pictures = self._input.streams.video[0]
            first = float((pictures.start_time or 0) * (pictures.time_base or 0))
        begin = Fraction(first + self._start).limit_denominator(1_000_000)
        if source.codec_context.codec.canonical_name in COPIED:
            target = output.add_stream_from_template(source)
            self._packets = self._copied(source, target, begin)
        else:
            rate = source.codec_context.sample_rate
            target = output.add_stream("aac", rate=rate if rate in SAMPLE_RATES else 48000)
            layout = source.codec_context.layout.name
            target.codec_context.layout = layout if layout in LAYOUTS else "stereo"
            self._packets = self._encoded(source, target, begin)
        self._output = output
        self._waiting = next(self._packets, None)

    def write_until(self, seconds: float) -> None:
        """Writes what is heard before a time in the movie; infinity for all that is left."""
        assert self._output is not None, "attach comes first"
        while self._waiting is not None and _time(self._waiting) < seconds:
            self._output.mux(self._waiting)
            self._waiting = next(self._packets, None)

    def close(self) -> None:
        """Closes the file that is read."""
        self._input.close()

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _copied(
        self, source: av.AudioStream, target: av.AudioStream, begin: Fraction
    ) -> Iterator[av.Packet]:
        shift = round(begin / (source.time_base or 1))
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

    def _encoded(
        self, source: av.AudioStream, target: av.AudioStream, begin: Fraction
    ) -> Iterator[av.Packet]:
        context = target.codec_context
        resampler = av.AudioResampler("fltp", context.layout, context.sample_rate)
        for frame in self._until_damage(self._input.decode(source)):
            if frame.time is None or frame.time + frame.samples / frame.sample_rate <= begin:
                continue
            frame.pts -= round(begin / frame.time_base)
            for part in resampler.resample(frame):
                yield from target.encode(part)
        for part in resampler.resample(None):
            yield from target.encode(part)
        yield from target.encode()

    def _until_damage(self, items: Iterator) -> Iterator:
        try:
            yield from items
        except av.error.FFmpegError as error:
            logging.warning("%s: its sound ends early (%s)", self._path, error.strerror)


def _time(packet: av.Packet) -> float:
    stamp = packet.pts if packet.pts is not None else packet.dts
    return float((stamp or 0) * (packet.time_base or 0))
