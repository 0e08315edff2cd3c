"""Runs SavedModels: whatever calls their signatures, as a `FrameGenerator`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from maskanim_tf.animation.frame_generator import FrameGenerator
from maskanim_tf.export.signature_names import ENCODE_SOURCE, MASKS, SOURCE_BYTES
from maskanim_tf.keys import DRIVING, FRAME, INTERMEDIATES, SOURCE, SOURCE_MASK
from maskanim_tf.media.frame_bytes import encode_png
from maskanim_tf.ops.pixels import as_floats

Arrays = Mapping[str, np.ndarray]


class SignatureGenerator(FrameGenerator):
    """The signatures of a SavedModel, which give every intermediate, but take no masks.

    Args:
      run: calls a signature with its inputs; tensors of strings are object arrays of bytes.
      image_size: height and width of a frame in pixels.
      batch_size: driving frames of every call, 0 for any number.
    """

    label = "a SavedModel"
    outputs = INTERMEDIATES
    finds_masks = True

    def __init__(self, run: Callable[[str, Arrays], Arrays], image_size: int, batch_size: int):
        self._run = run
        self.image_size = image_size
        self.batch_size = batch_size

    def set_source(self, source: np.ndarray) -> None:
        """See `FrameGenerator`."""
        self._source = as_floats(source[None])

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """See `FrameGenerator`."""
        result = self._run(MASKS, {SOURCE: self._source, DRIVING: as_floats(driving)})
        return {key: result[key] for key in wanted}

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """See `FrameGenerator`."""
        pictures = np.array([encode_png(frame) for frame in frames], object)
        return self._run(ENCODE_SOURCE, {SOURCE_BYTES: pictures})[SOURCE_MASK]


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
        specs = model.signatures[MASKS].structured_input_signature[1]
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            f"{folder} is no readable SavedModel of this project; export it again"
        ) from error

    def run(signature: str, inputs: Arrays) -> Arrays:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        # Signatures alone do not keep their variables: the model stays with this function.
        result = model.signatures[signature](**tensors)
        return {key: value.numpy() for key, value in result.items()}

    batch, size = specs[DRIVING].shape[:2]
    return SignatureGenerator(run, size, batch or 0)
