"""TensorFlow Serving's REST routes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from maskanim_tf.serving.contract import HTTP_STATUS, ServingError, invalid
from maskanim_tf.serving.json_tensors import predict_json
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.versions import ServedModel
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)

MODEL = r"/v1/models/{name:[^/:]+}"
VERSIONS = ("", r"/versions/{version:\d{1,18}}", "/labels/{label:[^/:]+}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(
    served: ServedModel, work: WorkQueue, body_limit: int, read_timeout: float
) -> web.Application:
    """The routes of one model.

    Args:
      served: the model.
      work: where it computes.
      body_limit: largest body of a request in bytes.
      read_timeout: seconds that a body may take to arrive.
    """
    app = web.Application(client_max_size=body_limit, middlewares=[answer_errors])

    def find(request: web.Request) -> tuple[int | None, str | None]:
        if request.match_info["name"] != served.name:
            raise ServingError(
                "NOT_FOUND", f"Servable not found for request: {request.match_info['name']}"
            )
        version = request.match_info.get("version")
        return None if version is None else int(version), request.match_info.get("label")

    async def status(request: web.Request) -> web.Response:
        states = served.status(*find(request))
        return _json(
            {
                "model_version_status": [
                    {
                        "version": str(state.version),
                        "state": state.state,
                        "status": {"error_code": state.code, "error_message": state.message},
                    }
                    for state in states
                ]
            }
        )

    async def metadata(request: web.Request) -> web.Response:
        model = served.find(*find(request))
        return _json(describe(served.name, model))

    async def predict(request: web.Request) -> web.Response:
        model = served.find(*find(request))
        try:
            body = await asyncio.wait_for(request.read(), read_timeout)
        except asyncio.TimeoutError as error:
            raise web.HTTPRequestTimeout(
                text=f"the body did not arrive within {read_timeout:g} seconds"
            ) from error
        answer = await work.run(partial(predict_json, model, body))
        return web.Response(body=answer, content_type="application/json")

    async def unsupported(request: web.Request) -> web.Response:
        raise ServingError("UNIMPLEMENTED", f"{request.path} is not supported; use :predict")

    async def malformed(request: web.Request) -> web.Response:
        raise invalid(f"Malformed request: {request.method} {request.path}")

    for version in VERSIONS:
        app.router.add_get(MODEL + version, status)
        app.router.add_get(MODEL + version + "/metadata", metadata)
        app.router.add_post(MODEL + version + ":predict", predict)
        app.router.add_post(MODEL + version + ":{verb:classify|regress}", unsupported)
    app.router.add_route("*", "/v1/{rest:.*}", malformed)
    return app


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as JSON with the key `error`."""
    try:
        return await handler(request)
    except ServingError as error:
        return _error(HTTP_STATUS[error.code], str(error))
    except web.HTTPException as error:
        return _error(error.status, error.text or error.reason)
    except (ConnectionError, asyncio.CancelledError):
        # The client has gone.
        raise
    except Exception:
        _log.exception("%s %s", request.method, request.path)
        return _error(500, "internal error; the server's log has the details")


def describe(name: str, model: LoadedModel) -> dict[str, Any]:
    """The metadata of a version as TensorFlow Serving prints them."""
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(model.version)},
        "metadata": {
            "signature_def": {
                "signature_def": {
                    key: {
                        "inputs": _describe_tensors(definition.inputs),
                        "outputs": _describe_tensors(definition.outputs),
                        "method_name": definition.method_name,
                    }
                    for key, definition in model.definitions.items()
                }
            }
        },
    }


def _describe_tensors(tensors: dict[str, meta_graph_pb2.TensorInfo]) -> dict[str, Any]:
    return {
        key: {
            "dtype": types_pb2.DataType.Name(info.dtype),
            "tensor_shape": {
                "dim": [{"size": str(dim.size), "name": dim.name} for dim in info.tensor_shape.dim],
                "unknown_rank": info.tensor_shape.unknown_rank,
            },
            "name": info.name,
        }
        for key, info in tensors.items()
    }


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)


def _json(content: Any, status: int = 200) -> web.Response:
    # Ends like a line of text, for those who look at it in a terminal.
    text = json.dumps(content, indent=1) + "\n"
    return web.Response(text=text, status=status, content_type="application/json")
