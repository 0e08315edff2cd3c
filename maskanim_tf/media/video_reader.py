"""Single frames of a film by number: exact whatever its rate does, and without decoding it whole.

A seek goes to the last key frame before the wanted one and walks on from there. Each decoded frame
names itself by its time stamp, so a seek that lands elsewhere is noticed and begun further ahead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import av
import numpy as np

from maskanim_tf.media import video_index
from maskanim_tf.media.colors import Painter
from maskanim_tf.media.containers import film_track, open_container, open_decoder
from maskanim_tf.media.errors import EMPTY, ClipError, warn_once
from maskanim_tf.media.remembered import Remembered
from maskanim_tf.media.video_index import Trust, VideoIndex, decoded_frames

TRIES = 2  # Key frames that a seek starts from before the film is read from its beginning.
REMEMBERED_FRAMES = 4_000_000  # Of all films together; 16 bytes each.
RESIZED = "its pictures change their size on the way; all are scaled to that of the first"
STAND_IN = "some of its frames cannot be decoded; the ones before them stand in"


class VideoReader:
    """Reads single frames by index; cheapest in ascending order. One reader per thread.

    Args:
      path: the file.
      index: of `read_video_index`.
      threads: for decoding; more than one pays for large frames read in order.

    Raises:
      ClipError: the file cannot be opened.
    """

    def __init__(self, path: str, index: VideoIndex, threads: int = 1):
        self._path = path
        self._index = index
        self._threads = threads
        self._painter = Painter(index.geometry, index.transfer, index.codec == "rawvideo")
        self._open()

    def _open(self) -> None:
        self._container = open_container(self._path)
        self._stream = film_track(self._container, self._path)
        self._decoder = open_decoder(self._stream, self._threads)
        self._coming = self._decoded(0)
        self._pending: tuple[int, av.VideoFrame] | None = None
        self._frame: av.VideoFrame | None = None
        self._position = -1  # Which frame `_frame` is.

    def read(self, index: int) -> np.ndarray:
        """Frame `index` as uint8 RGB `[height, width, 3]`, upright.

        Where the decoder leaves a frame out, the one before it stands in, as in a player.

        Raises:
          ClipError: nothing can be decoded there.
        """
        if not self.decode(index):
            warn_once(self._path, STAND_IN)
        if self._frame is None:
            raise video_index.no_frame(self._path, self._index.codec)
        if (self._frame.height, self._frame.width) != self._index.geometry.stored:
            warn_once(self._path, RESIZED)
        try:
            return self._painter.paint(self._frame)
        except (av.error.FFmpegError, ValueError, MemoryError) as error:
            form = self._frame.format.name
            raise ClipError(
                f"{self._path}: frame {index} cannot be converted ({error}, pixels {form}); "
                "re-encode it as 4:2:0 with eight bits"
            ) from error

    def decode(self, index: int) -> bool:
        """Goes to a frame; whether it is that very one, and no stand-in."""
        if index < self._position or self._seek_pays(index):
            self._seek(index)
        while self._position < index:
            coming = self._pending or next(self._coming, None)
            self._pending = coming
            if coming is None or (coming[0] > index and self._frame is not None):
                break
            self._position, self._frame = coming
            self._pending = None
        return self._position == index

    def close(self) -> None:
        """Closes the file."""
        self._container.close()

    def _seek_pays(self, index: int) -> bool:
        keys = self._index.keys
        reached = self._pending[0] if self._pending else self._position + 1
        return bool(np.any((keys > reached) & (keys <= index)))

    def _seek(self, index: int) -> None:
        keys = self._index.keys[self._index.keys <= index]
        for key in keys[keys > 0][: -TRIES - 1 : -1].tolist():
            if self._jump(key, index):
                return
        self.close()
        self._open()

    def _jump(self, key: int, index: int) -> bool:
        """Seeks to a key frame; whether frames up to `index` come from there."""
        try:
            self._container.seek(int(self._index.stamps[key]), stream=self._stream)
        except (av.error.FFmpegError, OSError):
            return False
        self._decoder.flush_buffers()
        self._coming = self._decoded(key)
        self._frame, self._position = None, -1
        self._pending = next(self._coming, None)
        return self._pending is not None and self._pending[0] <= index

    def _decoded(self, first: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their numbers from `first` on; earlier ones may lack references."""
        number = -1
        # Where a damaged file ends, the number of a frame shows that it is missing.
        for frame in decoded_frames(self._container, self._stream, self._decoder):
            number = number + 1 if self._index.counted else self._number(frame.pts)
            if first <= number < self._index.frames:
                yield number, frame

    def _number(self, stamp: int | None) -> int:
        """Which frame has a time stamp; -1 for none."""
        if stamp is None:
            return -1
        stamps = self._index.stamps
        number = int(np.searchsorted(stamps, stamp))
        return number if number < len(stamps) and stamps[number] == stamp else -1


def read_video_index(path: str) -> VideoIndex:
    """The index of a film; those used last are remembered.

    Raises:
      ClipError: the file is no film, or cannot be opened or decoded.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise ClipError(f"{path}: cannot be read ({error.strerror})") from error
    if not status.st_size:
        raise ClipError(f"{path}: {EMPTY}")
    key = (path, status.st_mtime_ns, status.st_size)
    return _indices.get(key, lambda: _read_index(path), lambda index: index.frames)


_indices: Remembered[VideoIndex] = Remembered(REMEMBERED_FRAMES)


def _read_index(path: str) -> VideoIndex:
    index, trust = video_index.scan(path)
    if trust is Trust.FULL or (trust is Trust.UNTIL_END and _reaches_its_end(path, index)):
        return index
    return video_index.count(path, index)


def _reaches_its_end(path: str, index: VideoIndex) -> bool:
    reader = VideoReader(path, index)
    try:
        return reader.decode(index.frames - 1)
    finally:
        reader.close()
