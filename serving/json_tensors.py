"""TensorFlow Serving's JSON: requests and answers in row and in column form.

Row form: `{"instances": [{"a": …, "b": …}, …]}`, answered by `{"predictions": […]}`. Column form:
`{"inputs": {"a": […], "b": […]}}`, answered by `{"outputs": …}`. Either may name a
`signature_name`. Where a signature has one input or output its name is left out. A string is text,
or `{"b64": "…"}`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from maskanim_tf.serving.contract import BASE64_KEY, BYTES_SUFFIX, invalid
from maskanim_tf.serving.loaded_model import LoadedModel

KINDS = {"f": "iuf", "i": "iu", "u": "iu", "b": "b"}


def predict_json(model: LoadedModel, body: bytes) -> bytes:
    """Answers the body of a request.

    Raises:
      ServingError: it is no such JSON, or the model cannot answer it.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: {error}") from error
    if not isinstance(request, dict):
        raise invalid("JSON Value: the request is not an object")
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid("'signature_name' key must be a string value.")
    signature = model.signature(name)
    specs = model.input_specs(signature)
    in_rows = "instances" in request
    if in_rows == ("inputs" in request):
        raise invalid("Request must have either 'instances' or 'inputs', and not both")
    columns = (
        _rows_to_columns(request["instances"], specs)
        if in_rows
        else _named_columns(request["inputs"], specs)
    )
    inputs = {key: _to_array(key, value, specs[key].dtype) for key, value in columns.items()}
    outputs = model.run(signature, inputs)
    answer = _answer_in_rows(outputs) if in_rows else _answer_in_columns(outputs)
    return json.dumps(answer).encode()


def _rows_to_columns(rows: Any, specs: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not isinstance(rows, list) or not rows:
        raise invalid("'instances' must be a list of at least one element")
    if not _is_object(rows[0]):
        if len(specs) > 1:
            raise invalid(
                "instances is a plain list, but expecting list of objects as multiple input "
                "tensors required as per tensorinfo_map"
            )
        return {next(iter(specs)): rows}
    for index, row in enumerate(rows):
        if not _is_object(row) or set(row) != set(specs):
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object keys must "
                f"be equal to: {','.join(sorted(specs))}"
            )
    return {key: [row[key] for row in rows] for key in specs}


def _named_columns(columns: Any, specs: Mapping[str, Any]) -> dict[str, Any]:
    if not _is_object(columns):
        if len(specs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        return {next(iter(specs)): columns}
    for key in specs:
        if key not in columns:
            raise invalid(f"Missing named input: {key} in 'inputs' object.")
    return {key: columns[key] for key in specs}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and set(value) != {BASE64_KEY}


def _to_array(key: str, value: Any, dtype: Any) -> np.ndarray:
    if dtype.name == "string":
        try:
            strings = np.array(_to_bytes(key, value), object)
        except ValueError as error:
            raise invalid(f"{key}: lists of different lengths") from error
        # NumPy keeps what does not fit as lists inside of the array.
        if any(isinstance(item, list) for item in strings.flat):
            raise invalid(f"{key}: lists of different lengths, or strings beside lists")
        return strings
    wanted = np.dtype(dtype.as_numpy_dtype)
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise invalid(f"{key}: lists of different lengths") from error
    # An empty list has no type of its own.
    if array.size and array.dtype.kind not in KINDS.get(wanted.kind, wanted.kind):
        raise invalid(f"{key}: JSON Value is not of expected type: {dtype.name}")
    return array.astype(wanted)


def _to_bytes(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_to_bytes(key, item) for item in value]
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, dict) or set(value) != {BASE64_KEY}:
        raise invalid(f'{key}: JSON Value is not formatted correctly: expecting {{"b64": "…"}}')
    text = value[BASE64_KEY]
    if not isinstance(text, str):
        raise invalid(f"{key}: Unable to base64 decode")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"{key}: Unable to base64 decode") from error


def _answer_in_rows(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    batches = {value.shape[:1] for value in outputs.values()}
    if len(batches) != 1 or batches == {()}:
        raise invalid("outputs have inconsistent batch sizes; use 'inputs' instead of 'instances'")
    lists = {key: _to_json(key, value) for key, value in outputs.items()}
    if len(lists) == 1:
        return {"predictions": next(iter(lists.values()))}
    return {"predictions": [dict(zip(lists, row)) for row in zip(*lists.values())]}


def _answer_in_columns(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    lists = {key: _to_json(key, value) for key, value in outputs.items()}
    return {"outputs": next(iter(lists.values())) if len(lists) == 1 else lists}


def _to_json(key: str, value: np.ndarray) -> Any:
    if value.dtype != object:
        return value.tolist()
    encode = _base64 if key.endswith(BYTES_SUFFIX) else bytes.decode
    return np.vectorize(encode, otypes=[object])(value).tolist()


def _base64(content: bytes) -> dict[str, str]:
    return {BASE64_KEY: base64.b64encode(content).decode()}
