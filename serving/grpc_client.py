"""Animating over gRPC: the source is encoded once, and its tensors go back with every request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.export.signature_names import (
    ANIMATE_ENCODED,
    DRIVING_BYTES,
    ENCODE_SOURCE,
    FRAME_BYTES,
    SOURCE_BYTES,
)
from maskanim_tf.keys import SOURCE, SOURCE_MASK
from maskanim_tf.serving import api
from maskanim_tf.serving.retries import TransientError
from maskanim_tf.serving.server_generator import Client, Inputs

SIGNATURES = "signature_def"
MESSAGE_LIMIT = 256 << 20


class GrpcClient(Client):
    """See `Client`.

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
        api.require_api()
        super().__init__(server)
        self._timeout = timeout
        self._spec = model_spec(model, version, label)
        limits = api.message_limits(MESSAGE_LIMIT)
        self._channel = (
            api.grpc.secure_channel(server, api.grpc.ssl_channel_credentials(), limits)
            if encrypted
            else api.grpc.insecure_channel(server, limits)
        )
        self._service = api.prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._encoding = threading.Lock()
        # What encode_source answered: its version, and the tensors.
        self._encoded: tuple[int, dict[str, Any]] = (0, {})

    def input_shapes(self) -> dict[str, dict[str, list[int]]]:
        """See `Client`."""
        request = api.get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec, metadata_field=[SIGNATURES]
        )
        response = self._ask(self._service.GetModelMetadata, request)
        found = api.get_model_metadata_pb2.SignatureDefMap()
        response.metadata[SIGNATURES].Unpack(found)
        return {
            name: {
                key: [dim.size for dim in info.tensor_shape.dim]
                for key, info in signature.inputs.items()
            }
            for name, signature in found.signature_def.items()
        }

    def predict(self, signature: str, inputs: Inputs) -> dict[str, np.ndarray]:
        """See `Client`."""
        outputs = self._respond(signature, inputs).outputs
        return {key: tf.make_ndarray(value) for key, value in outputs.items()}

    def set_source(self, source: bytes) -> None:
        """See `Client`."""
        super().set_source(source)
        response = self._respond(ENCODE_SOURCE, {SOURCE_BYTES: [source]})
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
            response = self._respond(ANIMATE_ENCODED, {**tensors, DRIVING_BYTES: driving})
            if response.model_spec.version.value == encoded_by:
                return list(response.outputs[FRAME_BYTES].string_val)
            # Another version took over, which has masks of its own.
            with self._encoding:
                if self._encoded[0] == encoded_by:
                    self.set_source(self._source)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _respond(self, signature: str, inputs: Mapping[str, Any]) -> Any:
        request = api.predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
        return self._ask(self._service.Predict, request)

    def _ask(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout)
        except api.grpc.RpcError as error:
            code, details = error.code(), error.details()
            message = f"{self._server} answers {code.name}: {details}"
            passing = (
                api.grpc.StatusCode.UNAVAILABLE,
                api.grpc.StatusCode.RESOURCE_EXHAUSTED,
                api.grpc.StatusCode.DEADLINE_EXCEEDED,
            )
            if code in passing and "larger than max" not in details:
                raise TransientError(message) from error
            raise ValueError(message) from error


def model_spec(model: str, version: int, label: str) -> Any:
    """Which model is asked; version and label are one field, set only where one is wanted.

    An empty label would be sent as well, and TensorFlow Serving looks for a version of that label.
    """
    spec = api.model_pb2.ModelSpec(name=model)
    if label:
        spec.version_label = label
    elif version:
        spec.version.value = version
    return spec
