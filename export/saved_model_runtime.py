"""Runs SavedModels: whatever calls their signatures, as a `FrameGenerator`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.export import signature_names as names
from maskanim_tf.keys import DRIVING, DRIVING_MASK, FRAME, INTERMEDIATES, SOURCE, SOURCE_MASK
from maskanim_tf.media.frame_bytes import encode_png
from maskanim_tf.ops.pixels import as_floats

Arrays = Mapping[str, np.ndarray]


class SignatureGenerator(FrameGenerator):
    """The signatures of a SavedModel, which give every intermediate.

    Args:
      run: calls a signature with its inputs; tensors of strings are object arrays of bytes.
      image_size: height and width of a frame in pixels.
      batch_size: driving frames of every call, 0 for any number.
      mask_size: height and width of a mask in pixels.
    """

    label = "a SavedModel"
    outputs = INTERMEDIATES
    finds_masks = takes_masks = True

    def __init__(
        self,
        run: Callable[[str, Arrays], Arrays],
        image_size: int,
        batch_size: int,
        mask_size: int,
    ):
        self._run = run
        self.image_size = image_size
        self.batch_size = batch_size
        self.mask_size = mask_size

    @functools.cached_property
    def mask_model(self) -> str:  # type: ignore[override]
        """See `FrameGenerator`."""
        picture = np.array([encode_png(np.zeros((1, 1, 3), np.uint8))], object)
        return bytes(
            self._run(names.FIND_MASKS, {names.DRIVING_BYTES: picture})[names.MASK_MODEL][0]
        ).decode()

    def set_source(self, source: np.ndarray) -> None:
        """See `FrameGenerator`."""
        self._source = as_floats(source[None])

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """See `FrameGenerator`."""
        if masks is None:
            result = self._run(names.MASKS, {SOURCE: self._source, DRIVING: as_floats(driving)})
        else:
            given = {SOURCE: self._source, DRIVING_MASK: masks}
            result = {DRIVING: as_floats(driving), **self._run(names.INSPECT_MASKS, given)}
        return {key: result[key] for key in wanted}

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """See `FrameGenerator`."""
        pictures = np.array([encode_png(frame) for frame in frames], object)
        return self._run(names.ENCODE_SOURCE, {names.SOURCE_BYTES: pictures})[SOURCE_MASK]


def open_saved_model(folder: Path, threads: int = 0) -> SignatureGenerator:
    """The SavedModel of one version's folder.

    Args:
      folder: which holds `saved_model.pb`.
      threads: to compute with; 0 for one per core.

    Raises:
      ValueError: it cannot be loaded, or is no model of this project.
    """
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        model = tf.saved_model.load(str(folder))
        shapes = frame_shapes(model.signatures)
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            f"{folder} is no readable SavedModel of this project; export it again"
        ) from error

    def run(signature: str, inputs: Arrays) -> Arrays:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        # Signatures alone do not keep their variables: the model stays with this function.
        result = model.signatures[signature](**tensors)
        return {key: value.numpy() for key, value in result.items()}

    return SignatureGenerator(run, *shapes)


def frame_shapes(signatures: Mapping[str, Any]) -> tuple[int, int, int]:
    """What a `SignatureGenerator` has to know: image size, batch size, mask size.

    Args:
      signatures: of a SavedModel that was loaded.

    Raises:
      KeyError: it is no model of this project.
    """

    def shape(signature: str, key: str) -> tf.TensorShape:
        return signatures[signature].structured_input_signature[1][key].shape

    batch, size = shape(names.MASKS, DRIVING)[:2]
    return size, batch or 0, shape(names.INSPECT_MASKS, DRIVING_MASK)[1]
