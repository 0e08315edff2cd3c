"""TensorFlow Serving's JSON: requests and answers in row and in column form.

Row form: `{"instances": [{"a": …, "b": …}, …]}`, answered by `{"predictions": […]}`. Column form:
`{"inputs": {"a": […], "b": […]}}`, answered by `{"outputs": …}`. Either may name a
`signature_name`. Where a signature has one input or output its name is left out. A string is text,
or `{"b64": "…"}`. Errors are told in the words of its `json_tensor.cc`, which clients may know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from maskanim_tf.export.signature_names import SERVING_DEFAULT
from maskanim_tf.serving.contract import BYTES_SUFFIX, ServingError, invalid, to_base64
from maskanim_tf.serving.json_values import is_base64, shown, to_array
from maskanim_tf.serving.loaded_model import LoadedModel


def predict_json(model: LoadedModel, body: bytes) -> bytes:
    """Answers the body of a request.

    Raises:
      ServingError: it is no such JSON, or the model cannot answer it.
    """
    request = parse_request(body)
    name = request.get("signature_name") or SERVING_DEFAULT
    if not model.has_signature(name):
        raise invalid(f'Serving signature name: "{name}" not found in signature def')
    specs = model.input_specs(name)
    in_rows = "instances" in request
    if in_rows and "inputs" in request:
        raise invalid(
            f"JSON Value: {shown(request)} Not formatted correctly expecting only one of 'inputs' "
            "or 'instances' keys to exist "
        )
    if not in_rows and "inputs" not in request:
        raise invalid("Missing 'inputs' or 'instances' key")
    inputs = _read_rows(request, specs) if in_rows else _read_columns(request["inputs"], specs)
    outputs = model.run(name, inputs)
    answer = _answer_in_rows(outputs) if in_rows else _answer_in_columns(outputs)
    # Text as it is, even where it is not UTF-8, as TensorFlow Serving sends it.
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogateescape")


def refuse_json(model: LoadedModel, verb: str, method: str, body: bytes) -> ServingError:
    """Why a signature of ours, which is for `:predict`, cannot answer another verb.

    Args:
      model: the version that is asked.
      verb: "classification" or "regression".
      method: what such a signature is for.
      body: of the request.

    Raises:
      ServingError: the body is no request.
    """
    name = parse_request(body).get("signature_name") or SERVING_DEFAULT
    if name not in model.definitions:
        return invalid(f"No signature was found with the name: {name}")
    return invalid(
        f"Expected {verb} signature method_name to be {method}. "
        f"Was: {model.definitions[name].method_name}"
    )


def parse_request(body: bytes) -> dict[str, Any]:
    """The object that a body is, whose `signature_name` is text.

    Raises:
      ServingError: it is none.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        request = json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(
            f"JSON Parse error: Invalid value. {error.msg} at offset: {error.pos}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: Invalid value. {error}") from error
    if not isinstance(request, dict):
        raise invalid(f"JSON Value: {shown(request)} Is not object")
    if not isinstance(request.get("signature_name", ""), str):
        raise invalid(
            f"JSON Value: {shown(request)} not formatted correctly. 'signature_name' key must be a "
            "string value."
        )
    return request


def _read_rows(request: dict[str, Any], specs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    rows = request["instances"]
    if not isinstance(rows, list):
        raise invalid(f"JSON Value: {shown(request)} Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid(f"JSON Value: {shown(request)} No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(specs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    as_objects = _is_object(rows[0])
    only = next(iter(specs))
    columns: dict[str, list[np.ndarray]] = {}
    for index, row in enumerate(rows):
        if _is_object(row) != as_objects:
            expecting = "object but got list" if as_objects else "value/list but got object"
            raise invalid(f"Expecting {expecting} at item {index} of input list")
        for key, value in row.items() if as_objects else ((only, row),):
            try:
                _add_item(columns, key, value, specs)
            except ServingError as error:
                where = f"{index} key: {key}" if as_objects else f"{index}"
                raise invalid(
                    f"Failed to process element: {where} of 'instances' list. "
                    f"Error: INVALID_ARGUMENT: {error}"
                ) from error
        if as_objects and set(row) != set(specs):
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"{shown(row)} keys must be equal to: {','.join(sorted(specs))}"
            )
    return {key: np.stack(items) for key, items in columns.items()}


def _add_item(
    columns: dict[str, list[np.ndarray]], key: str, value: Any, specs: Mapping[str, Any]
) -> None:
    if key not in specs:
        raise invalid(f"JSON object: does not have named input: {key}")
    item = to_array(value, specs[key].dtype)
    items = columns.setdefault(key, [])
    if items and items[0].size != item.size:
        raise invalid(f"Expecting tensor size: {items[0].size} but got: {item.size}")
    if items and items[0].shape != item.shape:
        shapes = (",".join(map(str, each.shape)) for each in (items[0], item))
        raise invalid("Expecting shape [{}] but got: [{}]".format(*shapes))
    items.append(item)


def _read_columns(columns: Any, specs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    if not _is_object(columns):
        if len(specs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        columns = {next(iter(specs)): columns}
    for key in specs:
        if key not in columns:
            raise invalid(f"Missing named input: {key} in 'inputs' object.")
    return {key: to_array(columns[key], spec.dtype) for key, spec in specs.items()}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _answer_in_rows(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    batch = None
    for key, value in outputs.items():
        if not value.ndim:
            raise invalid(f"Tensor name: {key} has no shape information ")
        if batch not in (None, len(value)):
            raise invalid(
                f"Tensor name: {key} has inconsistent batch size: {len(value)} expecting: {batch}"
            )
        batch = len(value)
    lists = {key: _to_json(key, value) for key, value in outputs.items()}
    if len(lists) == 1:
        return {"predictions": next(iter(lists.values()))}
    return {"predictions": [dict(zip(lists, row)) for row in zip(*lists.values())]}


def _answer_in_columns(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    lists = {key: _to_json(key, value) for key, value in outputs.items()}
    return {"outputs": next(iter(lists.values())) if len(lists) == 1 else lists}


def _to_json(key: str, value: np.ndarray) -> Any:
    if value.dtype == np.float32:
        return _shortest(value).tolist()
    if value.dtype != object:
        return value.tolist()
    encode = to_base64 if key.endswith(BYTES_SUFFIX) else _text
    return np.vectorize(encode, otypes=[object])(value).tolist()


def _shortest(value: np.ndarray) -> np.ndarray:
    """float64 that print with six digits, or nine, where these say a float32 exactly."""
    exact = value.astype(np.float64)
    written = exact
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(exact)))
        for digits in (9, 6):
            scale = 10 ** (digits - 1 - magnitude)
            rounded = np.rint(exact * scale) / scale
            written = np.where(rounded.astype(np.float32) == value, rounded, written)
    return written


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
