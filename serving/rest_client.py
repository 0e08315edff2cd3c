"""Animating over REST.

Frames go as base64 of PNG files, with the source beside each: the tensors of `encode_source` would
be float JSON, many times larger, and save less than the mask of one frame. Masks, which are small,
are float JSON.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np
import urllib3

from maskanim_tf.export.signature_names import FRAME_BYTES
from maskanim_tf.serving.contract import BASE64_KEY, BYTES_SUFFIX, to_base64
from maskanim_tf.serving.retries import TransientError
from maskanim_tf.serving.server_generator import Client, Inputs

BUSY = (429, 503)


class RestClient(Client):
    """See `Client`.

    Args:
      server: such as `http://localhost:8501`.
      model: name of the model.
      version: of the model, 0 for the newest.
      label: of a version, instead of its number.
      timeout: seconds until a request is given up.
      connections: requests that are open at once.
    """

    label = "a server over REST"

    def __init__(
        self, server: str, model: str, version: int, label: str, timeout: float, connections: int
    ):
        which = f"/labels/{label}" if label else f"/versions/{version}" if version else ""
        super().__init__(server.rstrip("/"))
        self._model = f"{self._server}/v1/models/{model}{which}"
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, timeout=timeout, retries=False
        )

    def input_shapes(self) -> dict[str, dict[str, list[int]]]:
        """See `Client`."""
        answer = self._ask("GET", "/metadata")
        try:
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return {
                name: {
                    key: [int(dim["size"]) for dim in info["tensor_shape"]["dim"]]
                    for key, info in signature["inputs"].items()
                }
                for name, signature in signatures.items()
            }
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"{self._model} has metadata unlike TensorFlow Serving's ({error!r}); "
                "check --server"
            ) from error

    def predict(self, signature: str, inputs: Inputs) -> dict[str, Any]:
        """See `Client`."""
        columns = {
            key: value.tolist() if isinstance(value, np.ndarray) else list(map(to_base64, value))
            for key, value in inputs.items()
        }
        body = {"signature_name": signature, "inputs": columns}
        outputs = self._ask("POST", ":predict", body).get("outputs")
        # Where there is one output, its name is left out.
        named = outputs if isinstance(outputs, dict) else {FRAME_BYTES: outputs}
        try:
            return {
                key: [base64.b64decode(content[BASE64_KEY]) for content in value]
                if key.endswith(BYTES_SUFFIX)
                else value
                for key, value in named.items()
            }
        except (KeyError, TypeError, binascii.Error) as error:
            raise ValueError(f"{self._server} gave an answer without frames") from error

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()

    def _ask(self, method: str, route: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body)
        try:
            response = self._pool.request(method, self._model + route, body=content)
        except urllib3.exceptions.LocationValueError as error:
            raise ValueError(f"{self._server} is no address of a server") from error
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"{self._server} cannot be reached ({_reason(error)})") from error
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {"error": f"no JSON, but {response.data[:60]!r}"}
        if response.status == 200 and "error" not in answer:
            return answer
        message = f"{self._server} answers {response.status}: {answer.get('error')}"
        if response.status in BUSY:
            raise TransientError(message)
        raise ValueError(message) if response.status < 500 else OSError(message)


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """What happened, without the name of the object that it happened to."""
    return str(error).rsplit(">: ", 1)[-1].rsplit("object at 0x", 1)[0]
