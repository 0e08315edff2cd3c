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

from maskanim_tf.export.signature_names import (
    ANIMATE_BYTES,
    ANIMATE_MASKS,
    DRIVING_BYTES,
    FIND_MASKS,
    MASK_MODEL,
    SERVING_DEFAULT,
    SOURCE_BYTES,
)
from maskanim_tf.keys import DRIVING_MASK, SOURCE
from maskanim_tf.serving.contract import BASE64_KEY
from maskanim_tf.serving.retries import TransientError
from maskanim_tf.serving.server_generator import Client, Shapes

BUSY = (429, 503)


class RestClient(Client):
    """A client of one model for several threads.

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
        self._server = server.rstrip("/")
        self._model = f"{self._server}/v1/models/{model}{which}"
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, timeout=timeout, retries=False
        )
        self._source: dict[str, str] = {}

    def shapes(self) -> Shapes:
        """See `Client`."""
        answer = self._ask("GET", "/metadata")
        try:
            signatures = answer["metadata"]["signature_def"]["signature_def"]

            def side(signature: str, key: str, axis: int) -> int:
                shape = signatures[signature]["inputs"][key]["tensor_shape"]
                return max(0, int(shape["dim"][axis]["size"]))

            return Shapes(
                side(SERVING_DEFAULT, SOURCE, 1),
                side(ANIMATE_BYTES, DRIVING_BYTES, 0),
                side(ANIMATE_MASKS, DRIVING_MASK, 1) if ANIMATE_MASKS in signatures else 0,
            )
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f"{self._model} is no model of this project: it lacks {error}"
            ) from error

    def set_source(self, source: bytes) -> None:
        """See `Client`."""
        self._source = _to_json(source)

    def animate(self, driving: list[bytes]) -> list[bytes]:
        """See `Client`."""
        inputs = {DRIVING_BYTES: [_to_json(frame) for frame in driving]}
        return self._frames(ANIMATE_BYTES, len(driving), inputs)

    def animate_masks(self, masks: np.ndarray) -> list[bytes]:
        """See `Client`."""
        return self._frames(ANIMATE_MASKS, len(masks), {DRIVING_MASK: masks.tolist()})

    def find_masks(self, frames: list[bytes]) -> tuple[np.ndarray, str]:
        """See `Client`."""
        answer = self._predict(FIND_MASKS, {DRIVING_BYTES: [_to_json(frame) for frame in frames]})
        try:
            return np.array(answer[DRIVING_MASK], np.float32), str(answer[MASK_MODEL][0])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{self._server} gave an answer without masks") from error

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()

    def _frames(self, signature: str, count: int, inputs: dict[str, Any]) -> list[bytes]:
        answer = self._predict(signature, {SOURCE_BYTES: [self._source] * count, **inputs})
        try:
            return [base64.b64decode(frame[BASE64_KEY]) for frame in answer]
        except (KeyError, TypeError, binascii.Error) as error:
            raise ValueError(f"{self._server} gave an answer without frames") from error

    def _predict(self, signature: str, inputs: dict[str, Any]) -> Any:
        answer = self._ask("POST", ":predict", {"signature_name": signature, "inputs": inputs})
        return answer.get("outputs")

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


def _to_json(content: bytes) -> dict[str, str]:
    return {BASE64_KEY: base64.b64encode(content).decode()}


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """What happened, without the name of the object that it happened to."""
    return str(error).rsplit(">: ", 1)[-1].rsplit("object at 0x", 1)[0]
