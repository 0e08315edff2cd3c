"""What the tests of serving share: servers in this process, and raw callers of both protocols."""

import asyncio
import base64
import contextlib
import dataclasses
import json
import socket
import threading

import numpy as np
import urllib3

from maskanim_tf.serving import api
from maskanim_tf.serving.contract import HTTP_STATUS
from maskanim_tf.serving.local import LocalServer, ServeOptions


@dataclasses.dataclass(frozen=True)
class Address:
    rest: str
    grpc: str
    model: str

    @property
    def url(self):
        return f"{self.rest}/v1/models/{self.model}"

    def connect(self, protocol="rest"):
        """A bare connection."""
        host, port = getattr(self, protocol).removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=20)


class RefusedError(Exception):
    """An answer that is an error: its HTTP status or what that would be, and its message."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")


@contextlib.contextmanager
def running(base_path, **options):
    """A local server on free ports, in a thread."""
    defaults = {"poll_seconds": 0.1, "settle_seconds": 0.0, "grpc_port": 0 if api.has_api() else -1}
    options = ServeOptions(model_base_path=str(base_path), **{"port": 0, **defaults, **options})
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(300)

    async def make():
        return LocalServer(options)

    try:
        server = wait(make())
        wait(server.start())
        try:
            yield Address(
                f"http://127.0.0.1:{server.port}",
                f"127.0.0.1:{server.grpc_port}",
                options.model_name,
            )
        finally:
            wait(server.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


POOL = urllib3.PoolManager(maxsize=80, retries=False, timeout=60)


def http(method, url, body=None):
    """Status and JSON of an answer."""
    content = json.dumps(body) if isinstance(body, (dict, list)) else body
    response = POOL.request(method, url, body=content)
    return response.status, json.loads(response.data)


def to_json(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(content).decode()} for content in value]


def ask_rest(address, signature, inputs, model=None, version=None, label=None):
    """Outputs by name; strings are lists of bytes."""
    which = f"/versions/{version}" if version else f"/labels/{label}" if label else ""
    url = f"{address.rest}/v1/models/{model or address.model}{which}:predict"
    columns = {key: to_json(value) for key, value in inputs.items()}
    status, answer = http("POST", url, {"signature_name": signature, "inputs": columns})
    if status != 200:
        assert set(answer) == {"error"}
        raise RefusedError(status, answer["error"])
    outputs = answer["outputs"]
    if not isinstance(outputs, dict):
        outputs = {"frame_bytes": [base64.b64decode(item["b64"]) for item in outputs]}
    return outputs


def ask_grpc(address, signature, inputs, model=None, version=None, label=None):
    import tensorflow as tf

    spec = api.model_pb2.ModelSpec(name=model or address.model, signature_name=signature)
    if version:
        spec.version.value = version
    if label:
        spec.version_label = label
    request = api.predict_pb2.PredictRequest(model_spec=spec)
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return send_grpc(address, request)


def send_grpc(address, request):
    import tensorflow as tf

    with api.grpc.insecure_channel(address.grpc) as channel:
        stub = api.prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            response = stub.Predict(request, timeout=60)
        except api.grpc.RpcError as error:
            raise RefusedError(HTTP_STATUS[error.code().name], error.details()) from error
    return {key: tf.make_ndarray(value).tolist() for key, value in response.outputs.items()}


CALLERS = {"rest": ask_rest, "grpc": ask_grpc}
