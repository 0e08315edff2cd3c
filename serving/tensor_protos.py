"""Arrays in the messages of gRPC: read in any form, written as TensorFlow Serving writes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.serving.contract import invalid

# Fields of a TensorProto by the type of its values.
FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.string: "string_val",
    tf.bool: "bool_val",
    tf.int64: "int64_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    **dict.fromkeys((tf.int32, tf.int16, tf.int8, tf.uint16, tf.uint8), "int_val"),
}


def read_tensor(key: str, proto: Any, limit: int) -> np.ndarray:
    """The array in a TensorProto, object for strings.

    Args:
      key: name of the input, for messages.
      proto: from a request.
      limit: most bytes that it may have.

    Raises:
      ServingError: it is broken or too large.
    """
    # A single value may stand for any number of equal ones.
    elements = math.prod(dim.size for dim in proto.tensor_shape.dim)
    try:
        if not 0 <= elements * max(1, tf.as_dtype(proto.dtype).size) <= limit:
            raise invalid(f"{key} has {elements} elements, more than the server takes")
        return tf.make_ndarray(proto)
    except (TypeError, ValueError, AttributeError) as error:
        raise invalid(f"tensor parsing error: {key} ({error})") from error


def write_tensor(proto: Any, value: np.ndarray) -> None:
    """Fills an empty TensorProto, each value in the field of its type.

    `tf.make_tensor_proto` would copy their memory, which clients without TensorFlow seldom read.
    """
    dtype = tf.as_dtype(value.dtype)
    proto.dtype = dtype.as_datatype_enum
    proto.tensor_shape.SetInParent()
    for size in value.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, FIELDS[dtype]).extend(value.ravel().tolist())
