"""Animating over gRPC: the source is encoded once, and its tensors go back with every request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.export.signature_names import (
    ANIMATE_BYTES,
    ANIMATE_ENCODED,
    ANIMATE_MASKS,
    DRIVING_BYTES,
    ENCODE_SOURCE,
    FIND_MASKS,
    FRAME_BYTES,
    MASK_MODEL,
    SERVING_DEFAULT,
    SOURCE_BYTES,
)
from maskanim_tf.keys import DRIVING_MASK, SOURCE, SOURCE_MASK
from maskanim_tf.serving.api import (
    get_model_metadata_pb2,
    grpc,
    message_limits,
    model_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    require_api,
)
from maskanim_tf.serving.retries import TransientError
from maskanim_tf.serving.server_generator import Client, Shapes

SIGNATURES = "signature_def"
STRING = 7  # DT_STRING of TensorFlow.
MESSAGE_LIMIT = 256 << 20


class GrpcClient(Client):
    """A client of one model for several threads.

    Args:
      server: such as `localhost:8500`.
      model: name of the model.
      version: of the model, 0 for the newest.
      label: of a version, instead of its number.
      timeout: seconds until a request is given up.
      encrypted: whether the server is spoken to by TLS.

    Raises:
      ValueError: tensorflow-serving-api is not installed.
    """

    label = "a server over gRPC"

    def __init__(
        self, server: str, model: str, version: int, label: str, timeout: float, encrypted: bool
    ):
        require_api()
        self._server = server
        self._timeout = timeout
        self._spec = model_spec(model, version, label)
        limits = message_limits(MESSAGE_LIMIT)
        self._channel = (
            grpc.secure_channel(server, grpc.ssl_channel_credentials(), limits)
            if encrypted
            else grpc.insecure_channel(server, limits)
        )
        self._service = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._source = b""
        self._encoding = threading.Lock()
        # What encode_source answered: its version, and the tensors.
        self._encoded: tuple[int, dict[str, Any]] = (0, {})

    def shapes(self) -> Shapes:
        """See `Client`."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec, metadata_field=[SIGNATURES]
        )
        response = self._ask(self._service.GetModelMetadata, request)
        found = get_model_metadata_pb2.SignatureDefMap()
        response.metadata[SIGNATURES].Unpack(found)

        def side(signature: str, key: str, axis: int) -> int:
            shape = found.signature_def[signature].inputs[key].tensor_shape
            return max(0, int(shape.dim[axis].size))

        try:
            return Shapes(
                side(SERVING_DEFAULT, SOURCE, 1),
                side(ANIMATE_BYTES, DRIVING_BYTES, 0),
                side(ANIMATE_MASKS, DRIVING_MASK, 1) if ANIMATE_MASKS in found.signature_def else 0,
            )
        except IndexError as error:
            raise ValueError(f"{self._server} serves no model of this project") from error

    def set_source(self, source: bytes) -> None:
        """See `Client`."""
        self._source = source
        request = self._request(ENCODE_SOURCE)
        _add_strings(request, SOURCE_BYTES, [source])
        response = self._ask(self._service.Predict, request)
        # Servers send value by value, and read memory faster.
        tensors = {
            key: tf.make_tensor_proto(tf.make_ndarray(response.outputs[key]))
            for key in (SOURCE, SOURCE_MASK)
        }
        self._encoded = response.model_spec.version.value, tensors

    def animate(self, driving: list[bytes]) -> list[bytes]:
        """See `Client`."""
        while True:
            encoded_by, tensors = self._encoded
            request = self._request(ANIMATE_ENCODED)
            for key, tensor in tensors.items():
                request.inputs[key].CopyFrom(tensor)
            _add_strings(request, DRIVING_BYTES, driving)
            response = self._ask(self._service.Predict, request)
            if response.model_spec.version.value == encoded_by:
                return list(response.outputs[FRAME_BYTES].string_val)
            # Another version took over, which has masks of its own.
            with self._encoding:
                if self._encoded[0] == encoded_by:
                    self.set_source(self._source)

    def animate_masks(self, masks: np.ndarray) -> list[bytes]:
        """See `Client`."""
        request = self._request(ANIMATE_MASKS)
        _add_strings(request, SOURCE_BYTES, [self._source] * len(masks))
        request.inputs[DRIVING_MASK].CopyFrom(tf.make_tensor_proto(masks))
        response = self._ask(self._service.Predict, request)
        return list(response.outputs[FRAME_BYTES].string_val)

    def find_masks(self, frames: list[bytes]) -> tuple[np.ndarray, str]:
        """See `Client`."""
        request = self._request(FIND_MASKS)
        _add_strings(request, DRIVING_BYTES, frames)
        outputs = self._ask(self._service.Predict, request).outputs
        masks = tf.make_ndarray(outputs[DRIVING_MASK])
        return masks, outputs[MASK_MODEL].string_val[0].decode()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _request(self, signature: str) -> Any:
        request = predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        return request

    def _ask(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            code, details = error.code(), error.details()
            message = f"{self._server} answers {code.name}: {details}"
            passing = (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                grpc.StatusCode.DEADLINE_EXCEEDED,
            )
            if code in passing and "larger than max" not in details:
                raise TransientError(message) from error
            raise ValueError(message) from error


def model_spec(model: str, version: int, label: str) -> Any:
    """Which model is asked; version and label are one field, set only where one is wanted.

    An empty label would be sent as well, and TensorFlow Serving looks for a version of that label.
    """
    spec = model_pb2.ModelSpec(name=model)
    if label:
        spec.version_label = label
    elif version:
        spec.version.value = version
    return spec


def _add_strings(request: Any, key: str, values: list[bytes]) -> None:
    tensor = request.inputs[key]
    tensor.dtype = STRING
    tensor.tensor_shape.dim.add(size=len(values))
    tensor.string_val.extend(values)
