"""One JSON value, nested lists or a single one, as an array of a known type.

Nothing is converted that TensorFlow Serving would not convert: an input of whole numbers takes no
3.0, one of numbers no true, and every list of one depth has one length.
"""

from __future__ import annotations

import base64
import binascii
import json
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf

from maskanim_tf.serving.contract import BASE64_KEY, ServingError, invalid

# Longest piece of a request in a message.
SHOWN = 200


def is_base64(value: Any) -> bool:
    """Whether a value stands for bytes: an object of nothing but the text `b64`."""
    return (
        isinstance(value, dict)
        and set(value) == {BASE64_KEY}
        and isinstance(value[BASE64_KEY], str)
    )


def shown(value: Any) -> str:
    """A value as one line of JSON, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def to_array(value: Any, dtype: tf.DType) -> np.ndarray:
    """The array that a value is; strings become objects of bytes.

    Raises:
      ServingError: it is none, or not of this type.
    """
    shape, leaves = _flatten(value)
    if dtype == tf.string:
        strings = np.empty(len(leaves), object)
        strings[:] = [_to_bytes(leaf) for leaf in leaves]
        return strings.reshape(shape)
    _check_types(leaves, dtype)
    try:
        return np.array(leaves, dtype.as_numpy_dtype).reshape(shape)
    except OverflowError as error:
        raise invalid("JSON Parse error: Number too big to be stored in double.") from error


def _flatten(value: Any) -> tuple[tuple[int, ...], list[Any]]:
    """The shape, which the first elements tell, and all values in order."""
    shape: list[int] = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    leaves = [value]
    for level, size in enumerate(shape):
        for part in leaves:
            if not isinstance(part, list):
                raise invalid(
                    f"JSON Value: {shown(part)} found at incorrect level: {level + 1} in the JSON "
                    f"DOM. Expected at level: {len(shape)}"
                )
            if len(part) != size:
                raise invalid(
                    f"Encountered list at unexpected size: {len(part)} at level: {level} expected "
                    f"size: {size}"
                )
        leaves = list(chain.from_iterable(leaves))
    if list in set(map(type, leaves)):
        raise invalid(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return tuple(shape), leaves


def _check_types(leaves: list[Any], dtype: tf.DType) -> None:
    allowed = {bool} if dtype == tf.bool else {int} if dtype.is_integer else {int, float}
    if not set(map(type, leaves)) <= allowed:
        raise _type_error(next(leaf for leaf in leaves if type(leaf) not in allowed), dtype)
    if dtype.is_integer and leaves:
        for extreme in (min(leaves), max(leaves)):
            if not dtype.min <= extreme <= dtype.max:
                raise _type_error(extreme, dtype)


def _to_bytes(leaf: Any) -> bytes:
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "surrogatepass")
    if not isinstance(leaf, dict):
        raise _type_error(leaf, tf.string)
    if not is_base64(leaf):
        raise invalid(f"JSON Value: {shown(leaf)} not formatted correctly for base64 data")
    # White space and a lack of padding do not matter.
    text = "".join(leaf[BASE64_KEY].split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def _type_error(leaf: Any, dtype: tf.DType) -> ServingError:
    kind = (
        str(leaf)
        if isinstance(leaf, bool)
        else {str: "String", dict: "Object", type(None): "Null"}.get(type(leaf), "Number")
    )
    # DataTypeString of TensorFlow, where float is float32.
    name = {"float32": "float", "float64": "double"}.get(dtype.name, dtype.name)
    return invalid(f"JSON Value: {shown(leaf)} Type: {kind} is not of expected type: {name}")
