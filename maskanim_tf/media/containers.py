"""Opening media files: which track is the film, which decoder reads it, and what if none does."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import cast

import av

from maskanim_tf.media.errors import ClipError, remedy

# A playlist under the name of a film must not fetch what it lists.
OPTIONS = {"protocol_whitelist": "file"}
MOST_PIXELS = 1 << 27  # Of one frame; beyond it a damaged header asks for all memory.
# Decoders that also read the transparency that WebM keeps beside the pictures.
WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
NO_PICTURES = "it has no pictures, only other tracks; leave it out"
# Where containers name their codecs: in the sample descriptions, the track entries, the headers.
CODEC_TAGS = {
    "mov": rb"stsd.{12}(.{4})",
    "matroska": rb"\x86[\x80-\xff]([VA]_[\w/]+)",
    "avi": rb"strh.{4}(?:vids|auds)(.{4})",
}
HEADER_BYTES = 4 << 20


def open_container(path: str) -> av.container.InputContainer:
    """Opens a media file for reading.

    Raises:
      ClipError: it is no media file or cannot be opened.
    """
    try:
        return av.open(os.path.abspath(path), metadata_errors="ignore", container_options=OPTIONS)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "unknown format"
        raise ClipError(f"{path}: no readable video ({reason}); {remedy(path)}") from error


def film_track(container: av.container.InputContainer, path: str) -> av.VideoStream:
    """The track that a player shows: no cover, no thumbnails, and one that can be decoded.

    Among several the one marked as default, else the first. The others are no longer read.

    Raises:
      ClipError: there is none.
    """
    films = [stream for stream in container.streams.video if not _is_attached(stream)]
    known = [stream for stream in films if stream.codec_context is not None]
    if not films:
        raise ClipError(f"{path}: {NO_PICTURES}")
    if not known:
        codec = codec_name(container, path, films)
        raise ClipError(f"{path}: no decoder for its pictures (codec {codec}); {remedy(path)}")
    chosen = next((s for s in known if s.disposition & av.stream.Disposition.default), known[0])
    read_only(container, chosen)
    return chosen


def read_only(container: av.container.InputContainer, chosen: av.stream.Stream) -> None:
    """Lets the demuxer skip all tracks but one."""
    for stream in container.streams:
        if hasattr(stream, "discard") and stream.index != chosen.index:  # PyAV 17 and later.
            stream.discard = av.stream.Discard.all


def open_decoder(stream: av.VideoStream, threads: int = 1) -> av.VideoCodecContext:
    """A decoder for the packets of a track.

    Args:
      stream: of `film_track`.
      threads: 1 where many clips are read at once: a small frame is decoded before a thread could
        be started for it.
    """
    decoder = stream.codec_context
    fitting = WITH_ALPHA.get(decoder.name, "")
    marks = {key.lower(): value for key, value in stream.metadata.items()}
    if marks.get("alpha_mode") == "1" and fitting in av.codecs_available:
        decoder = cast(av.VideoCodecContext, av.VideoCodecContext.create(fitting, "r"))
    decoder.thread_count = threads
    if threads > 1:
        decoder.thread_type = "AUTO"
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    return decoder


def sound_tracks(container: av.container.InputContainer) -> list[av.AudioStream]:
    """The sound tracks that can be decoded."""
    return [
        stream
        for stream in container.streams.audio
        if stream.codec_context is not None
        and stream.codec_context.sample_rate > 0
        and stream.codec_context.layout.nb_channels > 0
    ]


def codec_name(
    container: av.container.InputContainer, path: str, streams: Sequence[av.stream.Stream]
) -> str:
    """What the container calls the codecs of tracks that FFmpeg has no decoder for."""
    pattern = CODEC_TAGS.get(container.format.name.split(",")[0])
    if pattern is None:
        return "unknown"
    with open(path, "rb") as file:
        header = file.read(HEADER_BYTES)
        # The index of an MP4 may come last.
        file.seek(max(file.tell(), os.path.getsize(path) - HEADER_BYTES))
        header += file.read()
    tags = [tag.decode("latin-1") for tag in re.findall(pattern, header, re.DOTALL)]
    described = [stream for stream in container.streams if not _is_attached(stream)]
    if len(tags) != len(described):
        return "unknown"
    wanted = {stream.index for stream in streams}
    names = [t for t, stream in zip(tags, described) if stream.index in wanted]
    return ", ".join("".join(c if c.isprintable() else "?" for c in name) for name in names)


def _is_attached(stream: av.stream.Stream) -> bool:
    attached = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return bool(stream.disposition & attached)
