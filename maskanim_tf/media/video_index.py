"""What is known of a film once all its packets have been seen: when which frame is shown.

Every frame has the time stamp that its container holds, so that a seek can be checked. Where stamps
are missing, doubled or those of decoding (AVI with B-frames), frames are counted in order instead:
such a film is read from its beginning, slower, never wrong.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from maskanim_tf.media.containers import film_track, open_container, open_decoder, sound_tracks
from maskanim_tf.media.errors import ClipError, remedy
from maskanim_tf.media.geometry import Geometry, read_geometry
from maskanim_tf.media.timing import DEFAULT_FPS, mean_rate, steady_rate, timing_of

HIDDEN = "vp8"  # Its reference frames that are never shown have packets of their own.


@dataclasses.dataclass(frozen=True)
class VideoIndex:
    """When each frame of a film is shown, and what all of them have in common.

    Attributes:
      stamps: int64 `[frames]`, ascending, in units of `tick`.
      end: stamp at which the last frame ends.
      tick: seconds.
      keys: int64 `[key frames]`, ascending, which frames a seek can start from; empty: none.
      counted: the stamps do not name decoded frames: those are told by their order.
      rates: frames per second that the file announces.
      geometry: of all frames.
      transfer: transfer characteristics, ITU-T H.273.
      codec: name of the compression.
      has_audio: there is a sound track that can be read.
      announced: number of frames by the index of the file, where it has one.
      damaged: the file ends early or its container marks packets as broken.
    """

    stamps: np.ndarray
    end: int
    tick: Fraction
    keys: np.ndarray
    counted: bool
    rates: tuple[Fraction, ...]
    geometry: Geometry
    transfer: int
    codec: str
    has_audio: bool
    announced: int
    damaged: bool

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.stamps)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures, upright."""
        return self.geometry.shown

    @property
    def times(self) -> np.ndarray:
        """Seconds after the first frame at which each is shown, float64 `[frames]`."""
        return (self.stamps - self.stamps[0]) * float(self.tick)

    @property
    def durations(self) -> np.ndarray:
        """Seconds for which each frame is shown, float64 `[frames]`."""
        end = float((self.end - int(self.stamps[0])) * self.tick)
        return np.diff(self.times, append=end)

    @property
    def fps(self) -> float:
        """The rate that explains the time stamps, or else keeps their sum."""
        return steady_rate(self.times, self.rates, float(self.tick)) or mean_rate(self.durations)

    def timing(self, first: int) -> float | np.ndarray:
        """How long the frames from `first` on are shown: a rate, or the seconds of each."""
        return timing_of(self.durations[first:], self.fps, float(self.tick))

    def time(self, frame: int) -> float:
        """Seconds after the first frame at which one is shown."""
        return float(self.times[frame])


@dataclasses.dataclass
class _Packets:
    """What the packets of a film tell; `stamps` in order of decoding."""

    stamps: list[int | None] = dataclasses.field(default_factory=list)
    ends: list[int] = dataclasses.field(default_factory=list)
    key_stamps: list[int | None] = dataclasses.field(default_factory=list)
    number: int = 0
    damaged: bool = False


class Trust(enum.Enum):
    """How far the time stamps of a container name frames."""

    NONE = "missing, doubled or made up"
    UNTIL_END = "whether the last ones can be decoded is not known"
    FULL = "the index of the file is complete"


def scan(path: str) -> tuple[VideoIndex, Trust]:
    """The index of a film, and how far its stamps can be relied on; decodes one frame.

    Raises:
      ClipError: there is no film in it, or no frame can be decoded.
    """
    with open_container(path) as container:
        stream = film_track(container, path)
        decoder = stream.codec_context
        open_decoder(stream)
        packets, frame = _Packets(), None
        for packet in _demuxed(container, stream, packets):
            if frame is None:
                frame = next(iter(decoded(decoder, packet)), None)
            _note(packets, packet, stream)
        frame = frame or next(iter(decoded(decoder, None)), None)
        if frame is None or not packets.number:
            raise no_frame(path, decoder.name)
        entries = list(getattr(stream, "index_entries", ()))  # PyAV 17 and later.
        if not container.format.name.startswith("mov"):
            entries = []  # Others list some key frames only.
        packets.damaged |= len(entries) > packets.number
        known = np.unique([s for s in packets.stamps if s is not None]).astype(np.int64)
        tick = Fraction(stream.time_base or 1 / Fraction(DEFAULT_FPS))
        keys = np.flatnonzero(np.isin(known, [s for s in packets.key_stamps if s is not None]))
        rates = tuple(rate for rate in (stream.average_rate, stream.guessed_rate) if rate)
        index = VideoIndex(
            stamps=known,
            end=_end(packets, stream, known, rates),
            tick=tick,
            keys=keys,
            counted=False,
            rates=rates,
            geometry=read_geometry(stream, frame),
            transfer=decoder.color_trc,
            codec=decoder.name,
            has_audio=bool(sound_tracks(container)),
            announced=sum(not entry.is_discard for entry in entries),
            damaged=packets.damaged,
        )
        # AVI stores no stamps: those of frames that change their order are made up.
        reordered = container.format.name == "avi" and decoder.has_b_frames
        ordered = len(known) == len(packets.stamps) > 0 and not reordered
        ordered = ordered and frame.pts == known[0]
    if not ordered:
        return index, Trust.NONE
    return index, Trust.FULL if entries and not index.damaged else Trust.UNTIL_END


def count(path: str, index: VideoIndex) -> VideoIndex:
    """The same index from decoding every frame: which ones there are, and in which order.

    Raises:
      ClipError: no frame can be decoded.
    """
    packets = _Packets()
    with open_container(path) as container:
        stream = film_track(container, path)
        decoder = open_decoder(stream)
        stamps = [frame.pts for frame in decoded_frames(container, stream, decoder, packets)]
        start = stream.start_time or 0
    if not stamps:
        raise no_frame(path, index.codec)
    damaged = index.damaged or packets.damaged
    known = np.array([s for s in stamps if s is not None], np.int64)
    if len(known) == len(stamps) and (np.diff(known) > 0).all():
        # Seeking works; what the container has and the decoder has not is left out.
        key_stamps = index.stamps[index.keys]
        keys = np.flatnonzero(np.isin(known, key_stamps))
        end = index.end if known[-1] == index.stamps[-1] else _next_stamp(known, index)
        return dataclasses.replace(index, stamps=known, keys=keys, end=end, damaged=damaged)
    if len(index.stamps) == len(stamps):
        # The delay of B-frames is no part of the film.
        delay = int(index.stamps[0]) - start
        made, end = index.stamps - delay, index.end - delay
    else:
        rate = index.rates[0] if index.rates else Fraction(DEFAULT_FPS)
        step = max(1, round(1 / (rate * index.tick)))
        made, end = start + np.arange(len(stamps)) * step, start + len(stamps) * step
    none = np.zeros(0, np.int64)
    return dataclasses.replace(
        index, stamps=made, keys=none, end=end, counted=True, damaged=damaged
    )


def decoded_frames(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    decoder: av.VideoCodecContext,
    packets: _Packets | None = None,
) -> Iterator[av.VideoFrame]:
    """All frames from where a container stands; `packets` hears of the end of a damaged file."""
    for packet in _demuxed(container, stream, packets or _Packets()):
        yield from decoded(decoder, packet)
    yield from decoded(decoder, None)


def decoded(decoder: av.VideoCodecContext, packet: av.Packet | None) -> Iterator[av.VideoFrame]:
    """The frames that a packet completes; those of a broken one are left out. None: the last."""
    with contextlib.suppress(av.error.FFmpegError):
        yield from decoder.decode(packet)


def no_frame(path: str, codec: str) -> ClipError:
    """What is said where there is nothing to see."""
    return ClipError(f"{path}: no frame can be decoded (codec {codec}); {remedy(path)}")


def _note(packets: _Packets, packet: av.Packet, stream: av.VideoStream) -> None:
    packets.number += 1
    packets.damaged |= packet.is_corrupt
    hidden = stream.codec_context.name == HIDDEN and not memoryview(packet)[0] & 0x10
    if packet.is_discard or hidden:
        return
    packets.stamps.append(packet.pts)
    if packet.pts is not None:
        packets.ends.append(packet.pts + (packet.duration or 0))
    if packet.is_keyframe:
        packets.key_stamps.append(packet.pts)


def _demuxed(
    container: av.container.InputContainer, stream: av.VideoStream, packets: _Packets
) -> Iterator[av.Packet]:
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except (av.error.FFmpegError, OSError):
        packets.damaged = True


def _end(
    packets: _Packets,
    stream: av.VideoStream,
    stamps: np.ndarray,
    rates: tuple[Fraction, ...],
) -> int:
    """When the last frame ends: as the track says, its packet, its tag; or as long as usual."""
    if not len(stamps):
        return 0
    last = int(stamps[-1])
    tick = Fraction(stream.time_base or 1)
    candidates = []
    if stream.duration:
        candidates.append((stream.start_time or 0) + stream.duration)
    candidates += [max(packets.ends), _tagged_end(stream.metadata, tick)]
    for end in candidates:
        if end > last:
            return end
    usual = 1 / (rates[0] if rates else Fraction(DEFAULT_FPS)) / tick
    if len(stamps) > 1:
        usual = Fraction(float(np.median(np.diff(stamps))))
    return last + max(1, round(usual))


def _tagged_end(metadata: dict[str, str], tick: Fraction) -> int:
    """Where a Matroska track ends, from its tag `DURATION`, 00:00:03.250000000."""
    try:
        hours, minutes, seconds = metadata.get("DURATION", "").split(":")
        return round((int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)) / tick)
    except (ValueError, ZeroDivisionError):
        return 0


def _next_stamp(stamps: np.ndarray, index: VideoIndex) -> int:
    later = index.stamps[index.stamps > stamps[-1]]
    return int(later[0]) if len(later) else max(index.end, int(stamps[-1]) + 1)
