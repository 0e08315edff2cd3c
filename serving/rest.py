"""TensorFlow Serving's REST routes."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from google.protobuf.json_format import MessageToDict

from maskanim_tf.serving.contract import HTTP_STATUS, ServingError, invalid
from maskanim_tf.serving.json_tensors import predict_json, refuse_json
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.serve_options import ServeOptions
from maskanim_tf.serving.versions import ServedModel, VersionStatus, Wanted
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)

# As TensorFlow Serving reads addresses: in any case, names still encoded.
_WHICH = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
POST = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_WHICH}:(?P<verb>(?-i:classify|regress|predict))", re.IGNORECASE
)
GET = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_WHICH}(?:/(?P<metadata>(?-i:metadata)))?", re.IGNORECASE
)
# What its other verbs want of a signature; exported models have none of that kind.
OTHER_VERBS = {
    "classify": ("classification", "tensorflow/serving/classify"),
    "regress": ("regression", "tensorflow/serving/regress"),
}
LARGEST_VERSION = (1 << 63) - 1
# Fields that have their default value are printed, too; the option's name depends on the version.
ALL_FIELDS = "always_print_fields_with_no_presence"
if ALL_FIELDS not in inspect.signature(MessageToDict).parameters:
    ALL_FIELDS = "including_default_value_fields"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(served: ServedModel, work: WorkQueue, options: ServeOptions) -> web.Application:
    """The routes of one model.

    Args:
      served: the model.
      work: where it computes.
      options: of the server, of which some limit its use.
    """
    app = web.Application(client_max_size=options.request_bytes, middlewares=[answer_errors])

    async def answer(request: web.Request) -> web.Response:
        pattern = {"GET": GET, "POST": POST}.get(request.method)
        found = pattern and pattern.fullmatch(request.rel_url.raw_path)
        if not found:
            raise invalid(f"Malformed request: {request.method} {request.path}")
        wanted = _wanted(found)
        if request.method == "POST":
            model = served.find(wanted)
            body = await read(request)
            return _response(await work.run(partial(predict, model, found["verb"], body)))
        if found["metadata"]:
            return _json(describe(served.name, served.find(wanted)))
        return _json({"model_version_status": list(map(_describe_state, served.status(wanted)))})

    def predict(model: LoadedModel, verb: str, body: bytes) -> bytes:
        if verb in OTHER_VERBS:
            raise refuse_json(model, *OTHER_VERBS[verb], body)
        return predict_json(model, body)

    async def read(request: web.Request) -> bytes:
        try:
            return await asyncio.wait_for(request.read(), options.request_timeout)
        except asyncio.TimeoutError as error:
            raise web.HTTPRequestTimeout(
                text=f"the body did not arrive within {options.request_timeout:g} seconds"
            ) from error

    app.router.add_route("*", "/{v1:[vV]1}/{rest:.*}", answer)
    return app


def _wanted(found: re.Match[str]) -> Wanted:
    if not found["name"]:
        raise invalid("Missing model name in request.")
    digits, label = found["version"], found["label"]
    # Of very long numbers Python says so itself.
    if digits and (len(digits) > 99 or int(digits) > LARGEST_VERSION):
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return Wanted(unquote(found["name"]), int(digits) if digits else None, label and unquote(label))


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
    how = {"preserving_proto_field_name": True, ALL_FIELDS: True}
    definitions = {key: MessageToDict(value, **how) for key, value in model.definitions.items()}
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(model.version)},
        "metadata": {"signature_def": {"signature_def": definitions}},
    }


def _describe_state(state: VersionStatus) -> dict[str, Any]:
    return {
        "version": str(state.version),
        "state": state.state,
        "status": {"error_code": state.code, "error_message": state.message},
    }


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)


def _json(content: Any, status: int = 200) -> web.Response:
    # Ends like a line of text, for those who look at it in a terminal.
    return _response((json.dumps(content, indent=1) + "\n").encode(), status)


def _response(content: bytes, status: int = 200) -> web.Response:
    return web.Response(body=content, status=status, content_type="application/json")
