"""The local server's REST answers beside those that TensorFlow Serving documents.

Sources, of the repository tensorflow/serving: [doc] tensorflow_serving/g3doc/api_rest.md,
[handler] tensorflow_serving/model_servers/http_rest_api_handler_test.cc,
[path] tensorflow_serving/model_servers/http_rest_api_util.cc,
[json] tensorflow_serving/util/json_tensor.cc.
"""

import gzip
import json

import numpy as np
import pytest

from maskanim_tf.serving.contract import ServingError
from maskanim_tf.serving.json_tensors import _answer_in_rows, _shortest
from tests.serving.servers import POOL, http
from tests.serving.toy_model import NAME

AVAILABLE = {
    "model_version_status": [
        {
            "version": "123",
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        }
    ]
}


def predict(toy, body, where=""):
    """Status and content of an answer."""
    return http("POST", f"{toy.url}{where}:predict", body)


def signed(name, **request):
    return {"signature_name": name, **request}


@pytest.mark.parametrize("where", ["", "/versions/123", "/versions/00000123", "/labels/stable"])
def test_the_example_of_the_documentation(toy, where):
    """[doc] "Make REST API calls to ModelServer"; [handler] Predict, GetStatus: every address."""
    assert http("GET", f"{toy.url}{where}") == (200, AVAILABLE)
    answer = predict(toy, b'{"instances": [1.0,2.0,5.0]}', where)
    assert answer == (200, {"predictions": [3.5, 4.0, 5.5]})
    answer = predict(toy, signed("serving_default", inputs=[3.0, 4.0]), where)
    assert answer == (200, {"outputs": [4.5, 5.0]})


def test_metadata(toy):
    """testdata/saved_model_half_plus_two_2_versions_metadata.json is such an answer, whole."""
    status, answer = http("GET", f"{toy.url}/metadata")
    assert status == 200
    assert set(answer) == {"model_spec", "metadata"}
    assert answer["model_spec"] == {"name": NAME, "signature_name": "", "version": "123"}
    assert set(answer["metadata"]) == {"signature_def"}
    definitions = answer["metadata"]["signature_def"]["signature_def"]

    def tensor(dtype, name, *sizes):
        dims = [{"size": size, "name": ""} for size in sizes]
        return {
            "dtype": dtype,
            "tensor_shape": {"dim": dims, "unknown_rank": False},
            "name": name,
        }

    (x,) = definitions["serving_default"]["inputs"].values()
    (y,) = definitions["serving_default"]["outputs"].values()
    assert definitions["serving_default"] == {
        "inputs": {"x": tensor("DT_FLOAT", x["name"], "-1")},
        "outputs": {"y": tensor("DT_FLOAT", y["name"], "-1")},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }
    assert x["name"].endswith(":0")
    sensors = definitions["sensors"]["inputs"]
    assert sensors["tag"]["dtype"] == "DT_STRING"
    assert [d["size"] for d in sensors["sensor"]["tensor_shape"]["dim"]] == ["-1", "2", "2"]
    assert definitions["scalar"]["inputs"]["x"]["tensor_shape"]["dim"] == []
    assert {i["dtype"] for i in definitions["types"]["inputs"].values()} == {
        *("DT_BOOL", "DT_UINT8", "DT_INT32", "DT_INT64", "DT_DOUBLE")
    }
    for where in ("/versions/123", "/labels/stable"):
        assert http("GET", f"{toy.url}{where}/metadata") == (200, answer)


def test_headers(toy):
    """[handler] compares the whole list of headers; [path] AddHeaders."""
    for method, where, body in (
        ("GET", "", None),
        ("GET", "/metadata", None),
        ("POST", ":predict", b'{"instances": [1]}'),
        ("POST", ":predict", b"{}"),
    ):
        response = POOL.request(method, toy.url + where, body=body)
        assert response.headers["Content-Type"] == "application/json"


ROWS = [
    {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
    {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]},
]
COLUMNS = {key: [row[key] for row in ROWS] for key in ROWS[0]}


def test_rows_and_columns(toy):
    """[doc] "Specifying input tensors in row format", and in column format: its example."""
    named = [{"name": "foo", "total": 25.0}, {"name": "bar", "total": 38.0}]
    assert predict(toy, signed("sensors", instances=ROWS)) == (200, {"predictions": named})
    columns = {"name": ["foo", "bar"], "total": [25.0, 38.0]}
    assert predict(toy, signed("sensors", inputs=COLUMNS)) == (200, {"outputs": columns})
    # [json] FillTensorMapFromInputsMap looks for the names of inputs and for no others.
    more = {**COLUMNS, "unknown": 1}
    assert predict(toy, signed("sensors", inputs=more)) == (200, {"outputs": columns})


def test_one_input_by_name_and_without(toy):
    """[doc] "When there is only one named input"; rows of lists are "2 tensors of [1, 2] shape"."""
    for rows in ([1, 2], [{"x": 1}, {"x": 2}]):
        assert predict(toy, {"instances": rows}) == (200, {"predictions": [3.5, 4.0]})
    for columns in ([1, 2], {"x": [1, 2]}):
        assert predict(toy, {"inputs": columns}) == (200, {"outputs": [3.5, 4.0]})
    grid = signed("grid", instances=[[1, 2], [3, 4]])
    assert predict(toy, grid) == (200, {"predictions": [[2.0, 4.0], [6.0, 8.0]]})
    assert predict(toy, signed("scalar", inputs=1.5)) == (200, {"outputs": 2.5})


def test_strings_and_bytes(toy):
    """[doc] "Encoding binary values" and "Output of binary values": names that end in _bytes."""
    texts = ["Hello World!", {"b64": "aW1hZ2UgYnl0ZXM="}, "ä\n\"'"]
    outputs = {
        "text": ["Hello World!", "image bytes", "ä\n\"'"],
        "text_bytes": [
            {"b64": "SGVsbG8gV29ybGQh"},
            {"b64": "aW1hZ2UgYnl0ZXM="},
            {"b64": "w6QKIic="},
        ],
    }
    assert predict(toy, signed("strings", inputs=texts)) == (200, {"outputs": outputs})
    rows = [dict(zip(outputs, row)) for row in zip(*outputs.values())]
    assert predict(toy, signed("strings", instances=texts)) == (200, {"predictions": rows})


def test_bytes_that_are_no_text(toy):
    """[json] AddSingleValueAndAdvance writes strings as they are, so the answer may be no UTF-8."""
    body = json.dumps(signed("strings", inputs=[{"b64": "/wA="}]))
    response = POOL.request("POST", f"{toy.url}:predict", body=body)
    assert response.status == 200
    assert b'"text": ["\xff\\u0000"]' in response.data
    assert b'"text_bytes": [{"b64": "/wA="}]' in response.data


def test_numbers_that_are_none(toy):
    """[doc] "JSON conformance": NaN, Infinity and -Infinity come and go as bare tokens."""
    body = b'{"instances": [NaN, Infinity, -Infinity, 1e1, -0.5]}'
    response = POOL.request("POST", f"{toy.url}:predict", body=body)
    assert response.status == 200
    assert response.data == b'{"predictions": [NaN, Infinity, -Infinity, 8.0, 2.75]}'


def test_digits_of_floats(toy):
    """[json] WriteDecimal: six digits where they say a float exactly, nine otherwise."""
    values = np.array([0.2, 1 / 3, 16777216, 1e-5, 123456.7, 0, -7], np.float32)
    written = [0.2, 0.333333343, 16777216.0, 1e-05, 123456.703, 0.0, -7.0]
    assert _shortest(values).tolist() == written
    extremes = np.array([3.4028235e38, 1e-45, -1.1754944e-38], np.float32)
    np.testing.assert_array_equal(_shortest(extremes).astype(np.float32), extremes)
    random = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    printed = [
        float(six) if np.float32(six := f"{v:.6g}") == v else float(f"{v:.9g}") for v in random
    ]
    assert _shortest(random).tolist() == printed
    body = json.dumps(signed("grid", inputs=[[0.1, 1e-6]]))
    response = POOL.request("POST", f"{toy.url}:predict", body=body)
    assert response.data == b'{"outputs": [[0.2, 2e-06]]}'


def test_types_as_they_are(toy):
    """[doc] "JSON mapping": true and false for DT_BOOL, whole numbers for whole types."""
    columns = {
        "flag": [True, False],
        "byte": [0, 255],
        "whole": [-(2**31), 2**31 - 1],
        "long": [-(2**63), 2**63 - 1],
        "double": [0.1, 3],
    }
    status, answer = predict(toy, signed("types", inputs=columns))
    assert (status, answer["outputs"]) == (200, columns)
    assert isinstance(answer["outputs"]["double"][1], float)
    assert all(type(each) is bool for each in answer["outputs"]["flag"])


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("flag", [1], "JSON Value: 1 Type: Number is not of expected type: bool"),
        ("byte", [1.0], "JSON Value: 1.0 Type: Number is not of expected type: uint8"),
        ("whole", [2**31], "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
        ("whole", ["1"], 'JSON Value: "1" Type: String is not of expected type: int32'),
        ("long", [2**63], f"JSON Value: {2**63} Type: Number is not of expected type: int64"),
        ("double", [True], "JSON Value: true Type: True is not of expected type: double"),
        ("double", [None], "JSON Value: null Type: Null is not of expected type: double"),
        ("double", [{}], "JSON Value: {} Type: Object is not of expected type: double"),
        ("double", [10**400], "JSON Parse error: Number too big to be stored in double."),
    ],
)
def test_types_as_they_are_not(toy, name, values, message):
    """[json] AddValueToTensor and TypeError: nothing is converted."""
    inputs = {"flag": [True], "byte": [1], "whole": [1], "long": [1], "double": [1]}
    request = signed("types", inputs={**inputs, name: values})
    assert predict(toy, request) == (400, {"error": message})


MALFORMED = "Malformed request: "


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/v1/foo", MALFORMED + "GET /v1/foo"),
        ("POST", "/v1/foo", MALFORMED + "POST /v1/foo"),
        ("GET", "/v1/models", "Missing model name in request."),
        ("POST", "/v1/models", MALFORMED + "POST /v1/models"),
        ("GET", "/v1/models/debug/model_name", MALFORMED),
        ("GET", "/v1/models/foo:predict", MALFORMED),
        ("GET", "/v1/models/foo/version/50:predict", MALFORMED),
        ("POST", "/v1/models/foo/version/50:regress", MALFORMED),
        ("POST", "/v1/models/foo/versions/HELLO:regress", MALFORMED),
        ("POST", "/v1/models/foo/metadata", MALFORMED),
        ("POST", "/v1/models/foo/label/some_label:regress", MALFORMED),
        ("POST", "/v1/models/foo/versions/50/labels/some_label:regress", MALFORMED),
        ("DELETE", f"/v1/models/{NAME}", MALFORMED),
        (
            "POST",
            f"/v1/models/foo/versions/{2**64 - 1}:regress",
            f"Failed to convert version: {2**64 - 1} to numeric.",
        ),
        ("GET", f"/v1/models/{NAME}/versions/{'9' * 5000}", "Failed to convert version: 9999"),
    ],
)
def test_addresses_that_are_wrong(toy, method, path, message):
    """[handler] UnsupportedApiCalls, one by one; [path] ParseModelInfo."""
    status, answer = http(method, toy.rest + path, b"{}")
    assert status == 400
    assert list(answer) == ["error"]
    assert answer["error"].startswith(message)


def test_addresses_that_are_spelled_otherwise(toy):
    """[path] the patterns are read in any case, and names are unescaped."""
    assert http("GET", f"{toy.rest}/V1/Models/{NAME}/Labels/stable") == (200, AVAILABLE)
    assert http("GET", f"{toy.rest}/v1/models/half%5Fplus_three") == (200, AVAILABLE)
    status, answer = http("GET", f"{toy.rest}/v1/models/a%2Fb")
    assert (status, answer) == (404, {"error": "Could not find any versions of model a/b"})


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("half", 404, "Servable not found for request: Latest(half)"),
        ("half/versions/5", 404, "Servable not found for request: Specific(half, 5)"),
        (f"{NAME}/versions/5", 404, f"Servable not found for request: Specific({NAME}, 5)"),
        (f"{NAME}/labels/new", 400, "Unrecognized servable version label: new"),
        ("half/labels/stable", 400, "Unrecognized servable version label: stable"),
    ],
)
def test_versions_that_are_not_there(toy, path, status, message):
    """[doc] ends with the first; server_core.cc, ServableRequestFromModelSpec, has the labels."""
    url = f"{toy.rest}/v1/models/{path}"
    assert http("POST", f"{url}:predict", b'{"instances": [1]}') == (status, {"error": message})
    assert http("GET", f"{url}/metadata") == (status, {"error": message})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("half", "Could not find any versions of model half"),
        ("half/versions/5", "Could not find version 5 of model half"),
        (f"{NAME}/versions/5", f"Could not find version 5 of model {NAME}"),
    ],
)
def test_status_of_what_is_not_there(toy, path, message):
    """get_model_status_impl.cc, GetModelStatusWithModelSpec."""
    assert http("GET", f"{toy.rest}/v1/models/{path}") == (404, {"error": message})


def only(signature, **request):
    return json.dumps(signed(signature, **request)).encode()


ELEMENT = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value."),
        (b"[1]", "JSON Value: [1] Is not object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (
            b'{"signature_name": 100}',
            'JSON Value: {"signature_name": 100} not formatted correctly. '
            "'signature_name' key must be a string value.",
        ),
        (only("no", inputs=1), 'Serving signature name: "no" not found in signature def'),
        (
            b'{"instances": [1], "inputs": [1]}',
            'JSON Value: {"instances": [1], "inputs": [1]} Not formatted correctly expecting only '
            "one of 'inputs' or 'instances' keys to exist ",
        ),
        (
            b'{"instances": 3}',
            "JSON Value: {\"instances\": 3} Excepting 'instances' to be an list/array",
        ),
        (b'{"instances": []}', "JSON Value: {\"instances\": []} No values in 'instances' array"),
        (
            b'{"instances": ["x", "y"]}',
            ELEMENT.format(0) + 'JSON Value: "x" Type: String is not of expected type: float',
        ),
        (b'{"instances": [1, [2]]}', ELEMENT.format(1) + "Expecting shape [] but got: [1]"),
        (
            b'{"instances": [{"x": 1}, 2]}',
            "Expecting object but got list at item 1 of input list",
        ),
        (
            b'{"instances": [1, {"x": 2}]}',
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            b'{"instances": [{"z": 1}]}',
            ELEMENT.format("0 key: z") + "JSON object: does not have named input: z",
        ),
        (
            only("sensors", instances=[1]),
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        (
            only("sensors", instances=[ROWS[0], {"tag": "x"}]),
            "Failed to process element: 1 of 'instances' list. JSON object: "
            '{"tag": "x"} keys must be equal to: sensor,signal,tag',
        ),
        (
            only("grid", instances=[[1, 2], [3]]),
            ELEMENT.format(1) + "Expecting tensor size: 2 but got: 1",
        ),
        (
            only("sensors", inputs=[1]),
            "inputs is a plain value/list, but expecting an object as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        (only("sensors", inputs={"tag": []}), "Missing named input: sensor in 'inputs' object."),
        (b'{"inputs": {"b64": 5}}', "Missing named input: x in 'inputs' object."),
        (
            only("grid", inputs=[[1, 2], [3]]),
            "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        (
            only("grid", inputs=[[1, 2], 3]),
            "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        (only("grid", inputs=[1, [2]]), "Encountered list at unexpected level: 1 expected < 1"),
        (only("strings", inputs=[5]), "JSON Value: 5 Type: Number is not of expected type: string"),
        (
            only("strings", inputs=[{"b64": 5}]),
            'JSON Value: {"b64": 5} not formatted correctly for base64 data',
        ),
        (only("strings", inputs=[{"b64": "?"}]), "Unable to base64 decode"),
        (
            only("uneven", instances=[1, 2]),
            "Tensor name: b has inconsistent batch size: 1 expecting: 2",
        ),
    ],
)
def test_requests_that_are_wrong(toy, body, message):
    """[json] from FillPredictRequestFromJson on; five are of [handler] PredictRequestErrors."""
    status, answer = predict(toy, body)
    assert status == 400
    assert list(answer) == ["error"]
    assert answer["error"].startswith(message)
    assert len(answer["error"]) < len(message) + 60


def test_outputs_without_a_batch_have_no_rows(toy):
    """[json] MakeRowFormatJsonFromTensors; in columns they are a single value."""
    assert predict(toy, signed("scalar", inputs=1)) == (200, {"outputs": 2.0})
    with pytest.raises(ServingError, match="Tensor name: y has no shape information "):
        _answer_in_rows({"y": np.float32(2)})


def test_base64_with_breaks_and_without_padding(toy):
    """[json] JsonDecodeBase64Object calls absl::Base64Unescape, which takes both."""
    for text in ("aW1hZ2UgYnl0ZXM", "aW1h\nZ2Ug Ynl0ZXM="):
        request = signed("strings", inputs={"text": [{"b64": text}]})
        assert predict(toy, request)[1]["outputs"]["text"] == ["image bytes"]


@pytest.mark.parametrize(
    ("verb", "kind", "method"),
    [
        ("classify", "classification", "tensorflow/serving/classify"),
        ("regress", "regression", "tensorflow/serving/regress"),
    ],
)
def test_other_verbs(toy, verb, kind, method):
    """servables/tensorflow/classifier.cc and regressor.cc, of signatures that are for predict."""
    answer = http("POST", f"{toy.url}:{verb}", b'{"examples": [{"x": 1.0}]}')
    message = f"Expected {kind} signature method_name to be {method}. "
    assert answer == (400, {"error": message + "Was: tensorflow/serving/predict"})
    answer = http("POST", f"{toy.url}:{verb}", {"signature_name": "no", "examples": [{}]})
    assert answer == (400, {"error": "No signature was found with the name: no"})


def test_compressed_requests(toy):
    """util/net_http/server/internal/evhttp_request.cc unpacks bodies that are gzipped."""
    body = gzip.compress(b'{"instances": [1.0]}')
    headers = {"Content-Encoding": "gzip"}
    response = POOL.request("POST", f"{toy.url}:predict", body=body, headers=headers)
    assert (response.status, response.json()) == (200, {"predictions": [3.5]})
