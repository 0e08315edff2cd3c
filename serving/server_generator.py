"""A server as a `FrameGenerator`: frames go and come as picture files, several requests at once."""

from __future__ import annotations

import abc
import functools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Union

import numpy as np

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.export import signature_names as names
from maskanim_tf.keys import DRIVING_MASK, FRAME, SOURCE
from maskanim_tf.media.frame_bytes import decode_frame, encode_png
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.serving.retries import with_retries

Inputs = Mapping[str, Union[Sequence[bytes], np.ndarray]]


class Client(abc.ABC):
    """One model on one server, for several threads.

    Every method raises `TransientError` for what may pass, ValueError for a request that the server
    refuses, OSError for one that it fails at.

    Args:
      server: its address.

    Attributes:
      label: what it speaks, for messages.
    """

    label: str

    def __init__(self, server: str):
        self._server = server
        self._source = b""

    @abc.abstractmethod
    def input_shapes(self) -> Mapping[str, Mapping[str, Sequence[int]]]:
        """The shape of each input of each signature; -1 is any size."""

    @abc.abstractmethod
    def predict(self, signature: str, inputs: Inputs) -> Mapping[str, Any]:
        """The outputs of a signature by name; tensors of strings are sequences of bytes or text."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends the use of the client."""

    def shapes(self) -> tuple[int, int, int]:
        """Image size, batch size and mask size, as `export.saved_model_runtime.frame_shapes`."""
        try:
            shapes = self.input_shapes()
            return (
                shapes[names.SERVING_DEFAULT][SOURCE][1],
                max(0, shapes[names.ANIMATE_BYTES][names.DRIVING_BYTES][0]),
                shapes[names.ANIMATE_MASKS][DRIVING_MASK][1],
            )
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"{self._server} serves no model of this project: it lacks {error}; export it again"
            ) from error

    def set_source(self, source: bytes) -> None:
        """Chooses the picture that is animated, a picture file."""
        self._source = source

    def animate(self, driving: list[bytes]) -> list[bytes]:
        """Animates it by frames, picture files both."""
        return self._frames(names.ANIMATE_BYTES, names.DRIVING_BYTES, driving)

    def animate_masks(self, masks: np.ndarray) -> list[bytes]:
        """Animates it by masks, float32 `[batch, mask_size, mask_size, 1]`."""
        return self._frames(names.ANIMATE_MASKS, DRIVING_MASK, masks)

    def find_masks(self, frames: list[bytes]) -> tuple[np.ndarray, str]:
        """The masks of frames, and the fingerprint of what made them."""
        outputs = self.predict(names.FIND_MASKS, {names.DRIVING_BYTES: frames})
        masks, (model, *_) = self._take(outputs, DRIVING_MASK, names.MASK_MODEL)
        return np.array(masks, np.float32), model.decode() if isinstance(model, bytes) else model

    def _frames(self, signature: str, key: str, driving: list[bytes] | np.ndarray) -> list[bytes]:
        sources = [self._source] * len(driving)
        outputs = self.predict(signature, {names.SOURCE_BYTES: sources, key: driving})
        (frames,) = self._take(outputs, names.FRAME_BYTES)
        return list(frames)

    def _take(self, outputs: Mapping[str, Any], *wanted: str) -> list[Any]:
        try:
            return [outputs[key] for key in wanted]
        except KeyError as error:
            raise ValueError(f"{self._server} gave an answer without {error}") from error


class ServerGenerator(FrameGenerator):
    """What a client's server makes.

    Args:
      client: of the model.
      attempts: how often a request is tried.
      concurrency: requests that are open at once.

    Raises:
      ValueError: the server has no such model.
      OSError: it cannot be reached.
    """

    finds_masks = takes_masks = True

    def __init__(self, client: Client, attempts: int, concurrency: int) -> None:
        self.label = client.label
        self.concurrency = concurrency
        self._client = client
        self._attempts = attempts
        shapes = with_retries(client.shapes, attempts)
        self.image_size, self.batch_size, self.mask_size = shapes

    @functools.cached_property
    def mask_model(self) -> str:  # type: ignore[override]
        """See `FrameGenerator`."""
        return self._find_masks(np.zeros((1, 1, 1, 3), np.uint8))[1]

    def set_source(self, source: np.ndarray) -> None:
        """See `FrameGenerator`."""
        with_retries(partial(self._client.set_source, encode_png(source)), self._attempts)

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """See `FrameGenerator`; frames were rounded to 8 bits."""
        if masks is None:
            pictures = [encode_png(frame) for frame in driving]
            ask = partial(self._client.animate, pictures)
        else:
            ask = partial(self._client.animate_masks, masks)
        answer = with_retries(ask, self._attempts)
        return {FRAME: as_floats(np.stack([decode_frame(content) for content in answer]))}

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """See `FrameGenerator`."""
        return self._find_masks(frames)[0]

    def _find_masks(self, frames: np.ndarray) -> tuple[np.ndarray, str]:
        pictures = [encode_png(frame) for frame in frames]
        return with_retries(partial(self._client.find_masks, pictures), self._attempts)

    def close(self) -> None:
        """See `FrameGenerator`."""
        self._client.close()
