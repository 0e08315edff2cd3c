"""Where live results go besides the window: a film, and a camera that other programs can open."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.provenance import Provenance

try:
    import pyvirtualcam
except ImportError:
    pyvirtualcam = None

# Frames per second of films and of the virtual camera; frames are shown twice or left out.
RATE = 25.0
# Frames that wait for a slow encoder, before some are left out.
WAITING = 50


class Recorder:
    """Writes what is shown, in real time, until `close`; an interrupted film is whole as well.

    Args:
      path: ends in one of `movies.MOVIE_FORMATS`; a number is added where it exists.
      note: what it says about itself.
    """

    def __init__(self, path: str | os.PathLike[str], note: Provenance | None = None):
        self._note = note
        self.path = free_path(Path(path))
        self.frames = 0
        self._begin = time.monotonic()
        self._queue: queue.Queue[np.ndarray | None] = queue.Queue(WAITING)
        self._error: Exception | None = None
        self._last: np.ndarray | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def show(self, frame: np.ndarray) -> None:
        """Records that a frame is seen from now on, uint8 `[height, width, 3]`."""
        self._catch_up()
        self._last = frame

    def close(self) -> None:
        """Ends the film; without any frame there is none.

        Raises:
          OSError: it could not be written.
        """
        self._catch_up(at_least=1)
        while self._thread.is_alive():
            # A writer that failed takes nothing more out of a full queue.
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=0.1)
                self._thread.join()
        if self._error is not None and self.frames:
            raise self._error

    def _catch_up(self, at_least: int = 0) -> None:
        """Hands over the last frame as often as it was seen."""
        if self._last is None:
            self._begin = time.monotonic()
            return
        due = round((time.monotonic() - self._begin) * RATE) - self.frames
        # What a slow encoder has no room for is made up for later, so that the film keeps its time.
        with contextlib.suppress(queue.Full):
            for _ in range(max(at_least - self.frames, due)):
                self._queue.put_nowait(self._last)
                self.frames += 1

    def _write(self) -> None:
        try:
            write_movie(self.path, self._taken(), RATE, note=self._note)
        except (OSError, ValueError) as error:
            self._error = error

    def _taken(self) -> Iterator[np.ndarray]:
        while (frame := self._queue.get()) is not None:
            yield frame


class VirtualCamera:
    """A camera in which other programs, such as those of meetings, see the result.

    Args:
      device: such as /dev/video10; "auto" for the first that can be written.
      size: side of the frames in pixels.

    Raises:
      ValueError: the package or the device is missing.
    """

    def __init__(self, device: str, size: int):
        if pyvirtualcam is None:
            raise ValueError("--virtual_camera needs pyvirtualcam: pip install 'maskanim[live]'")
        try:
            self._camera = pyvirtualcam.Camera(
                size, size, RATE, device=None if device == "auto" else device
            )
        except RuntimeError as error:
            raise ValueError(
                f"--virtual_camera={device} cannot be opened ({error}); on Linux load the module "
                "first: sudo modprobe v4l2loopback devices=1 exclusive_caps=1"
            ) from error
        self.device = self._camera.device

    def show(self, frame: np.ndarray) -> None:
        """Sends a frame, uint8 `[size, size, 3]`, RGB."""
        self._camera.send(frame)

    def close(self) -> None:
        """Lets the device go."""
        self._camera.close()


def free_path(path: Path) -> Path:
    """The path itself, or the first with a number that nothing stands under."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
