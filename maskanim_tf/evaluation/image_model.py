"""Foreign networks in files, all called the same way: frames in, one array out.

ONNX files run in onnxruntime (extra `metrics`), TFLite files and SavedModel folders in TensorFlow.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.media.fitting import cut_square
from maskanim_tf.ops.litert import Interpreter
from maskanim_tf.storage.text import first_line

# What a network expects of RGB values in [0, 1]: minus the first, divided by the second.
NORMALIZATIONS = {
    "unit": (0.0, 1.0),  # [0, 1]
    "signed": (0.5, 0.5),  # [-1, 1]
    "imagenet": (np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])),
    "bytes": (0.0, 1 / 255),  # [0, 255]
}
COLORS = ("rgb", "bgr")


class ModelMissingError(OSError):
    """A metric cannot be measured for want of a network; says which and where to get it."""


@dataclasses.dataclass(frozen=True)
class ModelInput:
    """What a network wants to see.

    Attributes:
      size: side of the square frames in pixels.
      normalization: one of `NORMALIZATIONS`.
      colors: order of the channels, one of `COLORS`.
    """

    size: int
    normalization: str
    colors: str

    def prepare(self, frames: np.ndarray) -> np.ndarray:
        """float32 `[frames, size, size, 3]` from square uint8 RGB frames of any size."""
        side = frames.shape[1]
        resized = np.stack([cut_square(frame, 0, 0, side, self.size) for frame in frames])
        mean, deviation = NORMALIZATIONS[self.normalization]
        values = (resized.astype(np.float32) / 255 - mean) / deviation
        return values.astype(np.float32)[..., :: -1 if self.colors == "bgr" else 1]


class ImageModel:
    """A network from a file: .onnx, .tflite, or the folder of a SavedModel.

    It has one input, `[batch, size, size, 3]` or `[batch, 3, size, size]`, of which the first
    output is used. A SavedModel is called by its signature `serving_default`.

    Args:
      path: the file or folder.
      expects: how frames are prepared.

    Raises:
      ModelMissingError: there is no such file, or no onnxruntime for it.
      ValueError: it is damaged, or takes other frames than declared.
    """

    def __init__(self, path: str, expects: ModelInput):
        if not os.path.exists(path):
            raise ModelMissingError(f"there is no model {path}")
        self._path, self._expects = path, expects
        suffix = os.path.splitext(path)[1].lower()
        opener = {".onnx": _open_onnx, ".tflite": _open_tflite}.get(suffix)
        opener = _open_saved_model if os.path.isdir(path) else opener
        if opener is None:
            raise ValueError(f"{path}: a model is a .onnx, a .tflite, or a SavedModel folder")
        try:
            self._call, self._shape = opener(path)
        except ModelMissingError:
            raise
        except Exception as error:  # Each runtime has errors of its own.
            raise ValueError(f"{path} cannot be loaded: {first_line(error)}") from error
        self._channels_first = len(self._shape) == 4 and self._shape[1] == 3
        self._check_shape()

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """The first output for square uint8 RGB frames `[frames, side, side, 3]`."""
        values = self._expects.prepare(frames)
        if self._channels_first:
            values = values.transpose(0, 3, 1, 2)
        values = np.ascontiguousarray(values)
        # A fixed batch is nearly always one.
        step = self._shape[0] or len(values)
        if len(values) % step:
            raise ValueError(f"{self._path} has a fixed batch of {step}; export it with batch 1")
        parts = [self._call(values[i : i + step]) for i in range(0, len(values), step)]
        return np.concatenate(parts)

    def _check_shape(self) -> None:
        size = self._expects.size
        wanted = (3, size, size) if self._channels_first else (size, size, 3)
        fits = all(have in (None, want) for have, want in zip(self._shape[1:], wanted))
        if len(self._shape) != 4 or not fits:
            raise ValueError(
                f"{self._path} takes an input of shape {list(self._shape)}, not the declared "
                f"frames of {size}x{size} with three channels; declare its size"
            )


Opened = tuple[Callable[[np.ndarray], np.ndarray], tuple]


def _open_onnx(path: str) -> Opened:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelMissingError(
            f"{path} needs onnxruntime: pip install 'maskanim[metrics]'"
        ) from error
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    return lambda x: session.run(None, {given.name: x})[0], _shape(given.shape)


def _open_tflite(path: str) -> Opened:
    interpreter = Interpreter(model_path=path)
    interpreter.allocate_tensors()
    given, returned = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def call(x: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(returned["index"])

    return call, _shape(given["shape"].tolist())


def _open_saved_model(path: str) -> Opened:
    model: Any = tf.saved_model.load(path)
    ((name, spec),) = model.signatures["serving_default"].structured_input_signature[1].items()

    def call(x: np.ndarray) -> np.ndarray:
        # Through the model, since the function alone would not keep its variables alive.
        outputs = model.signatures["serving_default"](**{name: tf.constant(x)})
        return next(iter(outputs.values())).numpy()

    return call, _shape(spec.shape.as_list())


def _shape(dimensions: Sequence[Any]) -> tuple:
    """Known dimensions as numbers, names and placeholders as None."""
    return tuple(d if isinstance(d, int) and d > 0 else None for d in dimensions)
