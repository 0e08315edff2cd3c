"""One version of a model in memory: checks inputs, runs signatures."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import function_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from maskanim_tf.export.saved_model_runtime import frame_shapes
from maskanim_tf.export.signature_names import INSPECT_MASKS, MASKS, SERVING_DEFAULT
from maskanim_tf.inference.precision import BFLOAT16, FLOAT32
from maskanim_tf.media.pictures import encoded_size
from maskanim_tf.serving.contract import BYTES_SUFFIX, HTTP_STATUS, ServingError, invalid

GRAPH = "saved_model.pb"
# Codes of TensorFlow's errors are the places in this list, from 1.
CODES = tuple(HTTP_STATUS)


class LoadedModel:
    """A SavedModel, ready to answer from several threads.

    Args:
      path: folder of the version.
      max_pixels: most pixels of an encoded picture that is decoded.

    Attributes:
      version: number of the version.
      definitions: the protocol buffer of each signature by name.
      precision: what its convolutions compute in, float32 or bfloat16.

    Raises:
      ValueError: the folder holds no SavedModel that can be loaded.
    """

    def __init__(self, path: str | os.PathLike[str], max_pixels: int):
        self.version = int(Path(path).name)
        self._max_pixels = max_pixels
        try:
            content = saved_model_pb2.SavedModel.FromString((Path(path) / GRAPH).read_bytes())
            self.definitions: dict[str, meta_graph_pb2.SignatureDef] = dict(
                content.meta_graphs[0].signature_def
            )
            self.precision = _precision(content.meta_graphs[0].graph_def.library)
            # Kept, since signatures alone do not keep their variables.
            self._model = tf.saved_model.load(str(path))
        except (OSError, ValueError, LookupError, DecodeError, tf.errors.OpError) as error:
            raise ValueError(f"{path} cannot be loaded ({error_line(error)})") from error

    def has_signature(self, name: str) -> bool:
        """Whether requests may name it."""
        return name in self._model.signatures

    def signature(self, name: str) -> str:
        """The name of a signature; that of the default one for an empty name.

        Raises:
          ServingError: there is no such signature.
        """
        name = name or SERVING_DEFAULT
        if not self.has_signature(name):
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
        return name

    def frame_shapes(self) -> tuple[int, int, int]:
        """See `export.saved_model_runtime.frame_shapes`.

        Raises:
          ServingError: it lacks a signature.
        """
        for name in (MASKS, INSPECT_MASKS):
            self.signature(name)
        return frame_shapes(self._model.signatures)

    def input_specs(self, signature: str) -> dict[str, tf.TensorSpec]:
        """Shape and type of each input of a known signature, in the order of their names."""
        # The file keeps them in no order, so that of messages would change from load to load.
        return dict(sorted(self._model.signatures[signature].structured_input_signature[1].items()))

    def run(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a known signature; tensors of strings are object arrays of bytes.

        Raises:
          ServingError: an input is missing, unknown, of another type or shape, no picture, or too
            large a one; or the graph fails.
        """
        specs = self.input_specs(signature)
        _check_names(set(inputs), set(specs))
        for key, spec in specs.items():
            _check_tensor(key, inputs[key], spec)
            if key.endswith(BYTES_SUFFIX):
                self._check_pictures(key, inputs[key])
        tensors = {key: tf.constant(value, specs[key].dtype) for key, value in inputs.items()}
        try:
            result = self._model.signatures[signature](**tensors)
        except tf.errors.OpError as error:
            raise ServingError(CODES[error.error_code - 1], error_line(error)) from error
        return {key: value.numpy() for key, value in sorted(result.items())}

    def _check_pictures(self, key: str, contents: np.ndarray) -> None:
        # Decoding happens in the graph, which would take whatever memory a header claims.
        for index, content in enumerate(contents.ravel()):
            size = encoded_size(content)
            if size is None:
                raise invalid(f"{key}[{index}] is no JPEG, PNG, BMP or GIF picture")
            if size[0] * size[1] > self._max_pixels:
                raise invalid(f"{key}[{index}] has more than {self._max_pixels} pixels")


def error_line(error: Exception) -> str:
    """What an error says in one line, without TensorFlow's names of nodes."""
    lines = [
        re.sub(r"\s*\[\[.*|\s*\[Op:.*|^\{\{.*?\}\}\s*", "", s) for s in str(error).splitlines()
    ]
    told = [s for s in lines if s.strip() and not re.match(r"Graph execution|Detected at|<", s)]
    return told[0].strip() if told else type(error).__name__


def _precision(library: function_pb2.FunctionDefLibrary) -> str:
    sixteen = any(
        node.op == "Conv2D" and node.attr["T"].type == tf.bfloat16.as_datatype_enum
        for function in library.function
        for node in function.node_def
    )
    return BFLOAT16 if sixteen else FLOAT32


def _check_names(given: set[str], wanted: set[str]) -> None:
    """Refuses other inputs than those of the signature, in the words of TensorFlow Serving."""

    def joined(names: set[str]) -> str:
        return "{" + ",".join(sorted(names)) + "}"

    if len(given) != len(wanted):
        raise invalid(
            f"input size does not match signature: {len(given)}!={len(wanted)} len({joined(given)})"
            f" != len({joined(wanted)}). Sent extra: {joined(given - wanted)}. "
            f"Missing but required: {joined(wanted - given)}."
        )
    for name in sorted(given - wanted):
        raise invalid(
            f"input tensor alias not found in signature: {name}. Inputs expected to be in the set "
            f"{joined(wanted)}."
        )


def _check_tensor(key: str, value: np.ndarray, spec: tf.TensorSpec) -> None:
    strings = spec.dtype == tf.string
    if strings != (value.dtype == object) or not (strings or value.dtype == spec.dtype):
        raise invalid(f"{key} must be of type {spec.dtype.name}, but is of {value.dtype.name}")
    if not spec.shape.is_compatible_with(value.shape):
        raise invalid(f"{key} must have the shape {spec.shape}, but has {value.shape}")
    if not value.size:
        raise invalid(f"{key} is empty")
