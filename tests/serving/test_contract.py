"""What clients may rely on, of the local server and of any tensorflow_model_server alike.

Run against another server with MASKANIM_SERVER_URL, which see in `conftest.py`.
"""

import base64
import struct
import zlib

import cv2
import numpy as np
import pytest

from maskanim_tf.serving.api import has_api, model_pb2, predict_pb2
from tests.helpers import random_frames
from tests.serving.servers import RefusedError, http, send_grpc, to_json

NEEDS_API = pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")


def png(seed=0, size=32):
    pixels = (random_frames(1, size, seed=seed)[0] * 255).astype(np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def bomb(side=30_000):
    """A PNG of a hundred bytes that claims to be a large picture."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


PAIR = {"source_bytes": [png()] * 2, "driving_bytes": [png(1), png(2)]}


def test_status_and_metadata(address):
    status, answer = http("GET", address.url)
    assert status == 200
    newest = answer["model_version_status"][0]
    assert newest["state"] == "AVAILABLE"
    assert newest["status"] == {"error_code": "OK", "error_message": ""}
    assert http("GET", f"{address.url}/versions/{newest['version']}") == (200, answer)
    status, answer = http("GET", f"{address.url}/metadata")
    assert status == 200
    assert answer["model_spec"] == {
        "name": address.model,
        "signature_name": "",
        "version": newest["version"],
    }
    definitions = answer["metadata"]["signature_def"]["signature_def"]
    inputs = definitions["animate_bytes"]["inputs"]
    assert set(inputs) == {"source_bytes", "driving_bytes"}
    assert inputs["driving_bytes"]["dtype"] == "DT_STRING"
    dims = definitions["serving_default"]["inputs"]["source"]["tensor_shape"]["dim"]
    assert [dim["size"] for dim in dims][::3] == ["-1", "3"]


def test_every_way_gives_the_same_frames(address, ask):
    frames = ask(address, "animate_bytes", PAIR)["frame_bytes"]
    assert len(frames) == 2
    assert frames[0] != frames[1]
    assert frames[0].startswith((b"\x89PNG", b"\xff\xd8"))
    encoded = ask(address, "encode_source", {"source_bytes": PAIR["source_bytes"][:1]})
    tensors = {key: np.array(value, np.float32) for key, value in encoded.items()}
    inputs = {**tensors, "driving_bytes": PAIR["driving_bytes"]}
    assert ask(address, "animate_encoded", inputs)["frame_bytes"] == frames
    # A source for each driving frame, as servers want it that join requests.
    encoded = ask(address, "encode_source", {"source_bytes": PAIR["source_bytes"]})
    each = {key: np.array(value, np.float32) for key, value in encoded.items()}
    assert [len(value) for value in each.values()] == [2, 2]
    inputs = {**each, "driving_bytes": PAIR["driving_bytes"]}
    assert ask(address, "animate_encoded", inputs)["frame_bytes"] == frames
    for driving in (PAIR["driving_bytes"] * 2, PAIR["driving_bytes"][:1]):
        with pytest.raises(RefusedError, match="400"):
            ask(address, "animate_encoded", {**each, "driving_bytes": driving})
    torn = {"source": each["source"][:1], "source_mask": np.repeat(each["source_mask"], 2, 0)}
    with pytest.raises(RefusedError, match="400"):
        ask(address, "animate_encoded", {**torn, "driving_bytes": PAIR["driving_bytes"]})


def test_rows_and_columns(address):
    columns = {key: to_json(value) for key, value in PAIR.items()}
    request = {"signature_name": "animate_bytes", "inputs": columns}
    status, by_column = http("POST", f"{address.url}:predict", request)
    assert (status, list(by_column)) == (200, ["outputs"])
    rows = [dict(zip(columns, row)) for row in zip(*columns.values())]
    request = {"signature_name": "animate_bytes", "instances": rows}
    status, by_row = http("POST", f"{address.url}:predict", request)
    assert (status, list(by_row)) == (200, ["predictions"])
    assert by_row["predictions"] == by_column["outputs"]
    # One input needs no name, neither in rows nor in columns; several outputs have theirs.
    picture = to_json([png()])
    encode = {"signature_name": "encode_source"}
    _, by_column = http("POST", f"{address.url}:predict", {**encode, "inputs": picture})
    _, by_row = http("POST", f"{address.url}:predict", {**encode, "instances": picture})
    assert set(by_column["outputs"]) == {"source", "source_mask"}
    assert by_row["predictions"] == [{k: v[0] for k, v in by_column["outputs"].items()}]


def test_float_frames_are_the_default(address):
    source, driving = random_frames(1), random_frames(1, seed=1)
    size = int(
        http("GET", f"{address.url}/metadata")[1]["metadata"]["signature_def"]["signature_def"][
            "serving_default"
        ]["inputs"]["source"]["tensor_shape"]["dim"][1]["size"]
    )
    frames = {"source": source, "driving": driving}
    frames = {key: np.resize(value, (1, size, size, 3)).tolist() for key, value in frames.items()}
    status, answer = http("POST", f"{address.url}:predict", {"inputs": frames})
    assert status == 200
    assert np.shape(answer["outputs"]) == (1, size, size, 3)
    status, answer = http("POST", f"{address.url}:predict", {"instances": [{"source": 1}]})
    assert status == 400


@pytest.mark.parametrize(
    ("changes", "where", "status"),
    [
        ({}, {"signature": "nonsense"}, 400),
        ({}, {"model": "nonsense"}, 404),
        ({}, {"version": 999}, 404),
        ({}, {"label": "nonsense"}, 400),
        ({"driving_bytes": None}, {}, 400),
        ({"driving_bytes": [b"nonsense", b"nonsense"]}, {}, 400),
        ({"driving_bytes": [png()[:60], png()]}, {}, 400),
        ({"driving_bytes": [b"", b""]}, {}, 400),
        ({"driving_bytes": [bomb(), png()]}, {}, 400),
        ({"driving_bytes": [png()] * 3}, {}, 400),
        ({"driving_bytes": [png()]}, {}, 400),
        ({"driving_bytes": np.zeros((2, 3), np.float32)}, {}, 400),
    ],
    ids=[
        "unknown signature",
        "unknown model",
        "unknown version",
        "unknown label",
        "missing input",
        "no image",
        "half an image",
        "empty file",
        "decompression bomb",
        "fewer sources than drivers",
        "more sources than drivers",
        "floats for bytes",
    ],
)
def test_bad_requests(address, ask, changes, where, status):
    inputs = {k: v for k, v in {**PAIR, **changes}.items() if v is not None}
    where = dict(where)
    signature = where.pop("signature", "animate_bytes")
    # In one line.
    with pytest.raises(RefusedError, match=rf"^{status}: .+\Z"):
        ask(address, signature, inputs, **where)
    assert ask(address, "animate_bytes", PAIR)["frame_bytes"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"\xff\xfe{}",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"instances": [], "inputs": []}',
        b'{"instances": []}',
        b'{"instances": 3}',
        b'{"signature_name": 3, "inputs": []}',
        b'{"inputs": {"source": [[1, 2], [3]], "driving": []}}',
        b'{"inputs": {"source": ["a"], "driving": ["a"]}}',
        b'{"signature_name": "encode_source", "inputs": [{"b64": "?"}]}',
        b'{"signature_name": "encode_source", "inputs": [{"b64": 5}]}',
        b'{"signature_name": "encode_source", "inputs": [{"b64": "AAAA", "c": 1}]}',
        b'{"signature_name": "encode_source", "inputs": [5]}',
        b'{"signature_name": "encode_source", "instances": [{"x": 1}]}',
        b'{"signature_name": "encode_source", "inputs": [["a"], ["b", "c"]]}',
        b'{"signature_name": "encode_source", "inputs": ["a", ["b"]]}',
        b'{"signature_name": "encode_source", "inputs": [["a", ["b"]], ["c", "d"]]}',
    ],
)
def test_bad_json(address, body):
    status, answer = http("POST", f"{address.url}:predict", body)
    assert status == 400, answer
    assert list(answer) == ["error"]


def test_base64_without_padding(address):
    text = base64.b64encode(png()).decode().rstrip("=")
    body = {"signature_name": "encode_source", "inputs": [{"b64": text}]}
    assert http("POST", f"{address.url}:predict", body)[0] == 200


@NEEDS_API
def test_an_empty_label_is_a_label(address):
    """As a field that is set and empty arrives; TensorFlow Serving looks for such a label."""
    spec = model_pb2.ModelSpec(name=address.model, version_label="")
    assert spec.SerializeToString().endswith(b"\x22\x00")
    request = predict_pb2.PredictRequest(model_spec=spec)
    with pytest.raises(RefusedError, match=r"^400: Unrecognized servable version label: "):
        send_grpc(address, request)


@NEEDS_API
@pytest.mark.parametrize(
    ("version", "label", "bytes_sent"),
    [
        (0, "", b"\x0a\x01m"),
        (3, "", b"\x0a\x01m\x12\x02\x08\x03"),
        (0, "new", b"\x0a\x01m\x22\x03new"),
    ],
)
def test_the_client_sends_only_what_is_asked_for(version, label, bytes_sent):
    """Fields of ModelSpec: 1 the name, 2 the version in a message of its own, 4 the label."""
    from maskanim_tf.serving.grpc_client import model_spec

    assert model_spec("m", version, label).SerializeToString() == bytes_sent


@NEEDS_API
def test_broken_tensors(address):
    spec = model_pb2.ModelSpec(name=address.model, signature_name="serving_default")
    request = predict_pb2.PredictRequest(model_spec=spec)
    for key in ("source", "driving"):
        # One value may stand for all elements, here for terabytes of them.
        tensor = request.inputs[key]
        tensor.dtype = 1
        tensor.float_val.append(0.5)
        for size in (1_000_000, 1000, 1000, 3):
            tensor.tensor_shape.dim.add(size=size)
    for dtype in (1, 99):
        request.inputs["source"].dtype = dtype
        with pytest.raises(RefusedError, match=r"^400: "):
            send_grpc(address, request)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/nonsense"), ("DELETE", ""), ("POST", ":nonsense")]
)
def test_other_routes(address, method, path):
    url = f"{address.rest}{path}" if path.startswith("/") else f"{address.url}{path}"
    status, answer = http(method, url, b"{}")
    assert status in (400, 404, 405)
    assert answer["error"]
