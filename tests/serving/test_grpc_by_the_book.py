"""The local server's gRPC messages as bytes, beside those that TensorFlow Serving's files imply.

Requests and answers are written here by hand, after the encoding of protocol buffers
(https://protobuf.dev/programming-guides/encoding): no generated class takes part in it, so that
nothing can be wrong on both sides alike. Numbers of fields, of the repositories tensorflow/serving
and tensorflow/tensorflow:

* apis/predict.proto: PredictRequest model_spec 1, inputs 2 (key 1, value 2), output_filter 3;
  PredictResponse outputs 1, model_spec 2.
* apis/model.proto: ModelSpec name 1, version 2 (Int64Value: value 1), signature_name 3,
  version_label 4.
* core/framework/tensor.proto: TensorProto dtype 1, tensor_shape 2 (dim 2: size 1), tensor_content
  4, float_val 5, double_val 6, int_val 7, string_val 8, int64_val 10, bool_val 11.
* apis/get_model_status.proto: ModelVersionStatus version 1, state 2 (AVAILABLE 30), status 3.
* apis/get_model_metadata.proto: GetModelMetadataRequest model_spec 1, metadata_field 2;
  GetModelMetadataResponse model_spec 1, metadata 2 (Any: type_url 1, value 2).

What is answered to what: servables/tensorflow/predict_util.cc, predict_impl.cc,
get_model_metadata_impl.cc; model_servers/get_model_status_impl.cc, server_core.cc.
"""

import pytest

from maskanim_tf.serving.api import grpc, has_api
from tests.serving.toy_model import NAME

pytestmark = pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")

PREDICT = "/tensorflow.serving.PredictionService/Predict"
METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"

# Tags of fields whose content is a length and so many bytes: number * 8 + 2.
FIELD = {number: bytes([number * 8 + 2]) for number in range(1, 16)}

# ModelSpec{name: "half_plus_three"}: tag of field 1, length 15.
SPEC = b"\x0a\x0fhalf_plus_three"
# version {value: 123}: 123 is one byte, 7b.
V123 = b"\x12\x02\x08\x7b"
# TensorProto{dtype: DT_FLOAT (1), shape [3], float_val packed: 1.0, 2.0, 5.0}.
X = bytes.fromhex("0801 1204 1202 0803 2a0c 0000803f 00000040 0000a040")
# The same with tensor_content in the place of float_val.
X_CONTENT = bytes.fromhex("0801 1204 1202 0803 220c 0000803f 00000040 0000a040")
# {dtype: DT_FLOAT, shape [3], float_val packed: 3.5, 4.0, 5.5}.
Y = bytes.fromhex("0801 1204 1202 0803 2a0c 00006040 00008040 0000b040")


def field(number, content):
    assert len(content) < 128, "lengths of more than one byte are written by hand"
    return FIELD[number] + bytes([len(content)]) + content


def entry(key, value):
    return field(1, key) + field(2, value)


def call(toy, method, message):
    """Bytes for bytes; an error is its code and text."""
    with grpc.insecure_channel(toy.grpc) as channel:
        try:
            return channel.unary_unary(method)(message, timeout=30)
        except grpc.RpcError as error:
            return error.code().name, error.details()


def predict(toy, spec, *inputs, outputs=()):
    message = field(1, spec) + b"".join(field(2, entry(*pair)) for pair in inputs)
    return call(toy, PREDICT, message + b"".join(field(3, key) for key in outputs))


def signed(name):
    return SPEC + field(3, name)


@pytest.mark.parametrize("x", [X, X_CONTENT], ids=["float_val", "tensor_content"])
@pytest.mark.parametrize(
    "spec",
    [SPEC, SPEC + V123, SPEC + b"\x22\x06stable", SPEC + V123 + b"\x1a\x0fserving_default"],
    ids=["newest", "version", "version_label", "signature_name"],
)
def test_predict(toy, spec, x):
    """RunPredict answers version and signature that were used, and values in their own field."""
    # outputs {y: …}, then model_spec {name, version, signature_name: "serving_default"}.
    answered = SPEC + V123 + b"\x1a\x0fserving_default"
    assert predict(toy, spec, (b"x", x)) == field(1, entry(b"y", Y)) + field(2, answered)


def test_a_predict_message_in_full(toy):
    """The first of the above, every byte of it."""
    request = (
        "0a11 0a0f 68616c665f706c75735f7468726565"
        "121b 0a01 78 1216 0801 1204 1202 0803 2a0c 0000803f 00000040 0000a040"
    )
    answer = (
        "0a1b 0a01 79 1216 0801 1204 1202 0803 2a0c 00006040 00008040 0000b040"
        "1226 0a0f 68616c665f706c75735f7468726565 1202 087b"
        "1a0f 73657276696e675f64656661756c74"
    )
    assert call(toy, PREDICT, bytes.fromhex(request)) == bytes.fromhex(answer)


# Two strings, "ab" and 00 ff, of dtype DT_STRING (7) and shape [2]: string_val twice.
STRINGS = bytes.fromhex("0807 1204 1202 0802 4202 6162 4202 00ff")


def test_strings(toy):
    """Strings are bytes; output_filter chooses of the outputs."""
    answered = field(2, SPEC + V123 + field(3, b"strings"))
    for name in (b"text", b"text_bytes"):
        answer = predict(toy, signed(b"strings"), (b"text", STRINGS), outputs=[name])
        assert answer == field(1, entry(name, STRINGS)) + answered


TYPES = {
    b"flag": bytes.fromhex("080a 1204 1202 0802 5a02 0100"),  # DT_BOOL, bool_val.
    b"byte": bytes.fromhex("0804 1204 1202 0801 3a02 ff01"),  # DT_UINT8, int_val 255.
    b"whole": bytes.fromhex("0803 1204 1202 0801 3a0a fdffffffffffffffff01"),  # DT_INT32, -3.
    b"long": bytes.fromhex("0809 1204 1202 0801 5205 8080808010"),  # DT_INT64, 1 << 32.
    b"double": bytes.fromhex("0802 1204 1202 0801 3208 000000000000f83f"),  # DT_DOUBLE, 1.5.
}


@pytest.mark.parametrize("name", TYPES)
def test_values_of_every_type(toy, name):
    """Tensor::AsProtoField writes each type into the field that tensor.proto names for it."""
    answer = predict(toy, signed(b"types"), *TYPES.items(), outputs=[name])
    assert answer == field(1, entry(name, TYPES[name])) + field(2, SPEC + V123 + field(3, b"types"))


def test_a_scalar(toy):
    """Its shape is there, and has no dimensions: 12 00."""
    one, two = bytes.fromhex("0801 1200 2a04 0000803f"), bytes.fromhex("0801 1200 2a04 00000040")
    answer = predict(toy, signed(b"scalar"), (b"x", one))
    assert answer == field(1, entry(b"y", two)) + field(2, SPEC + V123 + field(3, b"scalar"))


HALF = b"\x0a\x04half"


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        (b"", "INVALID_ARGUMENT", "Missing ModelSpec"),
        (field(1, b""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (field(1, HALF), "NOT_FOUND", "Servable not found for request: Latest(half)"),
        (
            field(1, HALF + b"\x12\x02\x08\x05"),
            "NOT_FOUND",
            "Servable not found for request: Specific(half, 5)",
        ),
        (
            field(1, SPEC + b"\x12\x02\x08\x05"),
            "NOT_FOUND",
            f"Servable not found for request: Specific({NAME}, 5)",
        ),
        (
            field(1, SPEC + b"\x22\x03new"),
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: new",
        ),
        (
            field(1, signed(b"no")),
            "FAILED_PRECONDITION",
            'Serving signature key "no" not found.',
        ),
        (
            field(1, SPEC),
            "INVALID_ARGUMENT",
            "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. "
            "Missing but required: {x}.",
        ),
        (
            field(1, SPEC) + field(2, entry(b"x", X)) + field(2, entry(b"z", X)),
            "INVALID_ARGUMENT",
            "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. "
            "Missing but required: {}.",
        ),
        (
            field(1, SPEC) + field(2, entry(b"z", X)),
            "INVALID_ARGUMENT",
            "input tensor alias not found in signature: z. Inputs expected to be in the set {x}.",
        ),
        (
            field(1, SPEC) + field(2, entry(b"x", X)) + field(3, b"z"),
            "INVALID_ARGUMENT",
            "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
        ),
        (
            field(1, SPEC) + field(2, entry(b"x", X)) + field(3, b"y") * 2,
            "INVALID_ARGUMENT",
            "duplicate output tensor alias: y",
        ),
    ],
)
def test_requests_that_are_wrong(toy, message, code, text):
    """PreProcessPrediction, and what comes before it."""
    assert call(toy, PREDICT, message) == (code, text)


def test_a_tensor_that_is_none(toy):
    """PreProcessPrediction: Tensor::FromProto does not know the type 99."""
    code, text = predict(toy, SPEC, (b"x", b"\x08\x63"))
    assert code == "INVALID_ARGUMENT"
    assert text.startswith("tensor parsing error: x")


def test_status(toy):
    """The version, its state, and a status that is there and says OK, which is 0: 1a 00."""
    answer = b"\x0a\x06\x08\x7b\x10\x1e\x1a\x00"
    for spec in (SPEC, SPEC + V123, SPEC + b"\x22\x06stable"):
        assert call(toy, STATUS, field(1, spec)) == answer
    for spec, text in (
        (HALF, "Could not find any versions of model half"),
        (SPEC + b"\x12\x02\x08\x05", f"Could not find version 5 of model {NAME}"),
    ):
        assert call(toy, STATUS, field(1, spec)) == ("NOT_FOUND", text)
    assert call(toy, STATUS, b"") == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_metadata(toy):
    """Name and version, no signature; then all signatures, packed, as the first test of them."""
    answer = call(toy, METADATA, field(1, SPEC) + field(2, b"signature_def"))
    assert answer.startswith(field(1, SPEC + V123) + FIELD[2])
    url = b"type.googleapis.com/tensorflow.serving.SignatureDefMap"
    key = field(1, b"signature_def")
    at = answer.index(key)
    assert at < 30
    # value {type_url, value}, whose length has two bytes.
    assert answer[at + len(key) :][3:].startswith(field(1, url) + FIELD[2])
    # SignatureDef of the default: inputs {x: {name, dtype DT_FLOAT, shape [-1]}}. The size -1 has
    # ten bytes; name is field 1, dtype 2, tensor_shape 3.
    unknown = b"\x10\x01\x1a\x0d\x12\x0b\x08" + b"\xff" * 9 + b"\x01"
    assert field(1, b"serving_default") in answer
    assert unknown in answer[answer.index(field(1, b"serving_default")) :][:120]
    assert field(3, b"tensorflow/serving/predict") in answer


def test_metadata_that_cannot_be_had(toy):
    """ValidateGetModelMetadataRequest; the last text has a %s there that nothing fills in."""
    for message, text in (
        (b"", "Missing ModelSpec"),
        (field(1, SPEC), "GetModelMetadataRequest must specify at least one metadata_field"),
    ):
        assert call(toy, METADATA, message) == ("INVALID_ARGUMENT", text)
    code, text = call(toy, METADATA, field(1, SPEC) + field(2, b"graph"))
    assert code == "INVALID_ARGUMENT"
    assert text.startswith("Metadata field ")
    assert text.endswith("graph is not supported")
    twice = field(1, SPEC) + field(2, b"signature_def") * 2
    assert call(toy, METADATA, twice).startswith(field(1, SPEC + V123))
