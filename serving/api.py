"""The one door of this package to tensorflow-serving-api and gRPC, which are optional."""

from __future__ import annotations

import os

# What goes wrong arrives as an error as well.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

try:
    import grpc
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_log_pb2,
        prediction_service_pb2_grpc,
    )
except ImportError:
    grpc = None

__all__ = [
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "grpc",
    "has_api",
    "message_limits",
    "model_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_log_pb2",
    "prediction_service_pb2_grpc",
    "require_api",
]


def has_api() -> bool:
    """Whether both packages are installed."""
    return grpc is not None


def require_api() -> None:
    """Raises ValueError unless both packages are installed."""
    if not has_api():
        raise ValueError(
            "gRPC needs tensorflow-serving-api: pip install 'maskanim[serving]', or use REST"
        )


def message_limits(limit: int) -> list[tuple[str, int]]:
    """Options of a channel or server whose messages have at most `limit` bytes."""
    return [("grpc.max_receive_message_length", limit), ("grpc.max_send_message_length", limit)]
