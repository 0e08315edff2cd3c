"""One animation of the page: from two files to events for the browser and a video.

It runs in a thread; the model runs in the queue that all clients share, one batch at a time.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from maskanim_tf.animation.driver import Driver
from maskanim_tf.animation.options import AnimationOptions
from maskanim_tf.animation.templates import is_template, read_template
from maskanim_tf.animation.video import animate_footage
from maskanim_tf.export.saved_model_runtime import Arrays, SignatureGenerator
from maskanim_tf.keys import DRIVING, DRIVING_MASK, FRAME, REFINED_MASK, SOURCE
from maskanim_tf.media.footage import SquareFootage
from maskanim_tf.media.frame_bytes import encode_png
from maskanim_tf.ops.pixels import as_bytes
from maskanim_tf.serving.contract import ServingError, invalid
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.page.bridge import Bridge, StoppedError
from maskanim_tf.serving.page.materials import Material, open_material, plain_errors
from maskanim_tf.serving.retries import TransientError, with_retries
from maskanim_tf.serving.work import WorkQueue

# What the page shows beside the source.
MOVING = (DRIVING, DRIVING_MASK, REFINED_MASK, FRAME)
ATTEMPTS = 6
# Frames beyond this side are sent as JPEG.
LARGEST_PNG = 128
JPEG_QUALITY = 90
# Bytes of a template's arrays.
LARGEST_TEMPLATE = 1 << 28

Event = dict[str, Any]


class Animation:
    """A picture that is animated by a video; `prepare`, then `run`, in a thread.

    Args:
      model: with the signature `masks`.
      work: where it computes.
      bridge: to the event loop.
      materials: a picture, or video whose first frame is animated, and the video, or template of
        one, that it shall move like.
      max_pixels: most pixels of a frame.
      options: how.

    Raises:
      ServingError: the model lacks the signature.
    """

    def __init__(
        self,
        model: LoadedModel,
        work: WorkQueue,
        bridge: Bridge,
        materials: Sequence[Material],
        max_pixels: int,
        options: AnimationOptions,
    ):
        self._model = model
        self._work = work
        self._bridge = bridge
        self._materials = materials
        self._max_pixels = max_pixels
        self._options = options
        self._driving: Driver
        self._generator = SignatureGenerator(self._ask, *model.frame_shapes())

    def prepare(self) -> Event:
        """Opens both files; returns the first event.

        Raises:
          ServingError: one cannot be read, is too large, or is no video.
          StoppedError: the client has gone.
        """
        with plain_errors(self._materials):
            picture, video = self._materials
            self._source = self._squares(picture)
            if is_template(video.path):
                template = read_template(video.path, self._generator, LARGEST_TEMPLATE)
                self._driving, has_sound = template, bool(template.recording)
            else:
                squares = self._squares(video)
                if squares.clip.kind == "picture":
                    raise invalid(f"{video.shown} is a picture; the driver must be a video")
                self._driving, has_sound = squares, squares.clip.has_audio
            source = self._source.frame(0)
        return {
            "event": "start",
            "frames": self._driving.count,
            "fps": self._driving.fps,
            "size": self._generator.image_size,
            "sound": has_sound,
            SOURCE: encode_picture(source),
        }

    def run(self, output: Path, send: Callable[[Event], None]) -> int:
        """Sends an event per frame and writes the video; returns the number of frames.

        Args:
          output: path of the video.
          send: takes an event; may block.

        Raises:
          ServingError: a file is damaged, the model fails, or the output cannot be written.
          StoppedError: the client has gone.
        """
        numbers = itertools.count()

        def watch(frame: Arrays) -> None:
            pictures = {key: encode_picture(as_bytes(frame[key])) for key in MOVING}
            send({"event": "frame", "index": next(numbers), **pictures})

        inputs = self._generator, self._source, self._driving, output, self._options
        with plain_errors(self._materials, output):
            return animate_footage(*inputs, False, watch, MOVING).frames

    def _squares(self, material: Material) -> SquareFootage:
        footage = open_material(material, self._max_pixels, self._bridge.check)
        how = self._options.fit, self._options.auto_crop
        return footage.squares(self._generator.image_size, *how)

    def _ask(self, signature: str, inputs: Arrays) -> Arrays:
        def ask() -> Arrays:
            try:
                return self._bridge.wait(
                    self._work.run(partial(self._model.run, signature, inputs))
                )
            except ServingError as error:
                if error.code != "UNAVAILABLE" or isinstance(error, StoppedError):
                    raise
                raise TransientError(str(error)) from error

        try:
            return with_retries(ask, ATTEMPTS)
        except OSError as error:
            raise ServingError("UNAVAILABLE", str(error)) from error


def encode_picture(frame: np.ndarray) -> str:
    """A frame or mask, uint8 `[height, width, 3 or 1]`, as base64 of a PNG or JPEG file."""
    if len(frame) <= LARGEST_PNG or frame.shape[-1] == 1:
        content = encode_png(frame)
    else:
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        content = cv2.imencode(".jpg", frame[..., ::-1], quality)[1].tobytes()
    return base64.b64encode(content).decode()
