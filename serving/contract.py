"""What servers and clients agree on: names of signatures and tensors, paths, codes of errors.

The signatures are those of `export.signatures`, repeated here so that nothing of this package
needs the networks; a test compares both.
"""

from __future__ import annotations

SERVING_DEFAULT = "serving_default"
ANIMATE_BYTES = "animate_bytes"
ENCODE_SOURCE = "encode_source"
ANIMATE_ENCODED = "animate_encoded"
MASKS = "masks"

SOURCE = "source"
SOURCE_MASK = "source_mask"
DRIVING = "driving"
DRIVING_MASK = "driving_mask"
REFINED_MASK = "refined_mask"
FRAME = "frame"
SOURCE_BYTES = "source_bytes"
DRIVING_BYTES = "driving_bytes"
FRAME_BYTES = "frame_bytes"

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
