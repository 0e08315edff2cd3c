"""What servers and clients agree on besides `export.signature_names`: JSON, codes of errors."""

from __future__ import annotations

import base64

# Aliases of tensors that hold files end like this; in JSON their values are base64.
BYTES_SUFFIX = "_bytes"
BASE64_KEY = "b64"

# Codes of gRPC by name, and how TensorFlow Serving answers them over HTTP.
HTTP_STATUS = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}


class ServingError(Exception):
    """A request that cannot be answered.

    Args:
      code: one of `HTTP_STATUS`.
      message: one line for the client.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def invalid(message: str) -> ServingError:
    """The error of a request that is wrong in itself."""
    return ServingError("INVALID_ARGUMENT", message)


def to_base64(content: bytes) -> dict[str, str]:
    """A file as a value of JSON."""
    return {BASE64_KEY: base64.b64encode(content).decode()}
