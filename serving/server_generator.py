"""A server as a `FrameGenerator`: frames go and come as picture files, several requests at once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.keys import FRAME
from maskanim_tf.media.frame_bytes import decode_frame, encode_png
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.serving.retries import with_retries


class Shapes(NamedTuple):
    """What a model takes: sides in pixels, and frames per request, 0 for any number.

    `mask_size` is 0 for an older model, which takes no masks.
    """

    image_size: int
    batch_size: int
    mask_size: int


class Client(Protocol):
    """One model on one server.

    Every method raises `TransientError` for what may pass, ValueError for a request that the server
    refuses, OSError for one that it fails at.

    Attributes:
      label: what it speaks, for messages.
    """

    label: str

    def shapes(self) -> Shapes:
        """What the model takes."""

    def set_source(self, source: bytes) -> None:
        """Chooses the picture that is animated, a picture file."""

    def animate(self, driving: list[bytes]) -> list[bytes]:
        """Animates it by frames, picture files both."""

    def animate_masks(self, masks: np.ndarray) -> list[bytes]:
        """Animates it by masks, float32 `[batch, mask_size, mask_size, 1]`."""

    def find_masks(self, frames: list[bytes]) -> tuple[np.ndarray, str]:
        """The masks of frames, and the fingerprint of what made them."""

    def close(self) -> None:
        """Ends the use of the client."""


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

    def __init__(self, client: Client, attempts: int, concurrency: int) -> None:
        self.label = client.label
        self.concurrency = concurrency
        self._client = client
        self._attempts = attempts
        shapes = with_retries(client.shapes, attempts)
        self.image_size, self.batch_size, self.mask_size = shapes
        self.finds_masks = self.takes_masks = self.mask_size > 0

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
