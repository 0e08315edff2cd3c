"""One animation of the page: from two files to events for the browser and a video.

It runs in a thread; the model runs in the queue that all clients share, one batch at a time.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import itertools
import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from maskanim_tf.media.clip import VIDEO_SUFFIXES, has_suffix
from maskanim_tf.media.clips import batched, clip_timing, filled
from maskanim_tf.media.footage import Footage, SquareFootage, claimed_pixels, open_footage
from maskanim_tf.media.outputs import write_output
from maskanim_tf.media.sound import open_sound
from maskanim_tf.ops.pixels import as_bytes, as_floats
from serving.contract import (
    DRIVING,
    DRIVING_MASK,
    FRAME,
    MASKS,
    REFINED_MASK,
    SOURCE,
    ServingError,
    invalid,
)
from serving.frame_bytes import encode_png
from serving.loaded_model import LoadedModel
from serving.page.bridge import Bridge
from serving.retries import TransientError, with_retries
from serving.work import WorkQueue

BATCH = 4
ATTEMPTS = 6
# Frames beyond this side are sent as JPEG.
LARGEST_PNG = 128
JPEG_QUALITY = 90

Event = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Material:
    """A file, and what its user calls it."""

    path: Path
    shown: str


@dataclasses.dataclass(frozen=True)
class _StoppableFootage(Footage):
    """Footage whose reading ends with StoppedError once its client has gone."""

    check: Callable[[], None] = lambda: None

    def frames(self) -> Iterator[np.ndarray]:
        for frame in super().frames():
            self.check()
            yield frame


class Animation:
    """A picture that is animated by a video; `prepare`, then `run`, in a thread.

    Args:
      model: with the signature `masks`.
      work: where it computes.
      bridge: to the event loop.
      picture: or video, whose first frame is animated.
      video: that it shall move like.
      max_pixels: most pixels of a frame.

    Raises:
      ServingError: the model lacks the signature.
    """

    def __init__(
        self,
        model: LoadedModel,
        work: WorkQueue,
        bridge: Bridge,
        picture: Material,
        video: Material,
        max_pixels: int,
    ):
        self._model = model
        self._work = work
        self._bridge = bridge
        self._picture = picture
        self._video = video
        self._max_pixels = max_pixels
        self.size, self._batch = frame_shape(model)

    def prepare(self, fit: str, auto_crop: bool) -> Event:
        """Opens both files; returns the first event.

        Raises:
          ServingError: one cannot be read, is too large, or is no video.
          StoppedError: the client has gone.
        """
        with self._plain_errors():
            squares = []
            for material in (self._picture, self._video):
                footage = self._open(material)
                if material is self._video and footage.clip.kind == "picture":
                    raise invalid(f"{material.shown} is a picture; the driver must be a video")
                squares.append(footage.squares(self.size, fit, auto_crop))
            self._driving: SquareFootage = squares[1]
            self._source = squares[0].frame(0)
        clip = self._driving.clip
        return {
            "event": "start",
            "frames": clip.frames,
            "fps": clip.fps,
            "size": self.size,
            "sound": clip.has_audio,
            SOURCE: encode_picture(self._source),
        }

    def run(self, output: Path, send: Callable[[Event], None], audio: bool) -> int:
        """Sends an event per frame and writes the video; returns the number of frames.

        Args:
          output: path of the video.
          send: takes an event; may block.
          audio: the video gets the driver's sound.

        Raises:
          ServingError: a file is damaged, the model fails, or the output cannot be written.
          StoppedError: the client has gone.
        """
        clip = self._driving.clip
        made = contextlib.closing(self._frames(send))
        with self._plain_errors(output), open_sound(clip, audio) as sound, made as frames:
            return write_output(output, frames, clip_timing(clip), sound)

    def _frames(self, send: Callable[[Event], None]) -> Generator[np.ndarray, None, None]:
        numbers = itertools.count()
        for taken in batched(self._driving.frames(), self._batch):
            result = self._infer(filled(taken, self._batch))
            done = as_bytes(result[FRAME])
            masks = {key: as_bytes(result[key]) for key in (DRIVING_MASK, REFINED_MASK)}
            for index, driving in enumerate(taken):
                send(
                    {
                        "event": "frame",
                        "index": next(numbers),
                        DRIVING: encode_picture(driving),
                        **{key: encode_picture(mask[index]) for key, mask in masks.items()},
                        FRAME: encode_picture(done[index]),
                    }
                )
                yield done[index]

    def _infer(self, driving: np.ndarray) -> dict[str, np.ndarray]:
        source = np.broadcast_to(self._source, driving.shape)
        inputs = {
            SOURCE: as_floats(source),
            DRIVING: as_floats(driving),
        }

        def ask() -> dict[str, np.ndarray]:
            try:
                return self._bridge.wait(self._work.run(partial(self._model.run, MASKS, inputs)))
            except ServingError as error:
                if error.code != "UNAVAILABLE":
                    raise
                raise TransientError(str(error)) from error

        try:
            return with_retries(ask, ATTEMPTS)
        except OSError as error:
            raise ServingError("UNAVAILABLE", str(error)) from error

    def _open(self, material: Material) -> Footage:
        if has_suffix(material.path, VIDEO_SUFFIXES) and not _is_container(material.path):
            raise invalid(f"{material.shown} is no video that is known")
        if claimed_pixels(material.path) > self._max_pixels:
            raise invalid(f"{material.shown} has more than {self._max_pixels} pixels")
        footage = open_footage(material.path)
        return _StoppableFootage(footage.clip, self._bridge.check)

    @contextlib.contextmanager
    def _plain_errors(self, output: Path | None = None) -> Iterator[None]:
        """Errors for the client, in which files are called what it calls them."""
        try:
            yield
        except (ValueError, OSError) as error:
            message = str(error)
            if output is not None:
                message = message.replace(os.fspath(output), "the video")
            for material in (self._picture, self._video):
                message = message.replace(os.fspath(material.path), material.shown)
                message = message.replace(material.path.name, material.shown)
            code = "INVALID_ARGUMENT" if isinstance(error, ValueError) else "INTERNAL"
            raise ServingError(code, message) from error


def frame_shape(model: LoadedModel) -> tuple[int, int]:
    """Side of a model's frames in pixels, and how many it takes at once.

    Raises:
      ServingError: it lacks the signature `masks`.
    """
    shape = model.input_specs(model.signature(MASKS))[SOURCE].shape
    return int(shape[1]), shape[0] or BATCH


def encode_picture(frame: np.ndarray) -> str:
    """A frame or mask, uint8 `[height, width, 3 or 1]`, as base64 of a PNG or JPEG file."""
    if len(frame) <= LARGEST_PNG or frame.shape[-1] == 1:
        content = encode_png(frame)
    else:
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        content = cv2.imencode(".jpg", frame[..., ::-1], quality)[1].tobytes()
    return base64.b64encode(content).decode()


def _is_container(path: Path) -> bool:
    """Whether a file begins like one of the videos that are read.

    FFmpeg also knows play lists, which would make it open other files and addresses.
    """
    with path.open("rb") as file:
        head = file.read(12)
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:4] in (b"\x1aE\xdf\xa3", b"GIF8")
    )
