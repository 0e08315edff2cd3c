"""TensorFlow Serving's gRPC services over a `ServedModel`, and its warm-up requests."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from maskanim_tf.export.warmup import WARMUP
from maskanim_tf.serving import api
from maskanim_tf.serving.contract import ServingError, invalid
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.tensor_protos import read_tensor, write_tensor
from maskanim_tf.serving.versions import ServedModel, Wanted
from maskanim_tf.serving.work import WorkQueue

_log = logging.getLogger(__name__)


class Services:
    """The services Predict, GetModelMetadata and GetModelStatus of one model.

    Args:
      served: the model.
      work: where it computes.
      tensor_limit: most bytes of a tensor of a request, whose form may be more compact.
    """

    def __init__(self, served: ServedModel, work: WorkQueue, tensor_limit: int):
        self._served = served
        self._work = work
        self._tensor_limit = tensor_limit

    def add_to(self, server: Any) -> None:
        """Registers the services with an asyncio server of gRPC."""
        prediction = api.prediction_service_pb2_grpc.PredictionServiceServicer()
        prediction.Predict = _answer_errors(self._predict)
        prediction.GetModelMetadata = _answer_errors(self._metadata)
        api.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, server)
        status = api.model_service_pb2_grpc.ModelServiceServicer()
        status.GetModelStatus = _answer_errors(self._status)
        api.model_service_pb2_grpc.add_ModelServiceServicer_to_server(status, server)

    async def _predict(self, request: Any) -> Any:
        model = self._served.find(_wanted(request))
        return await self._work.run(
            partial(answer_predict, self._served.name, model, request, self._tensor_limit)
        )

    async def _metadata(self, request: Any) -> Any:
        wanted = _wanted(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise invalid(f"Metadata field {field} is not supported")
        model = self._served.find(wanted)
        response = api.get_model_metadata_pb2.GetModelMetadataResponse(
            model_spec=_model_spec(self._served.name, model)
        )
        definitions = api.get_model_metadata_pb2.SignatureDefMap(signature_def=model.definitions)
        response.metadata["signature_def"].Pack(definitions)
        return response

    async def _status(self, request: Any) -> Any:
        response = api.get_model_status_pb2.GetModelStatusResponse()
        states = api.get_model_status_pb2.ModelVersionStatus.State
        for state in self._served.status(_wanted(request, named=False)):
            entry = response.model_version_status.add(
                version=state.version, state=states.Value(state.state)
            )
            entry.status.error_code = api.grpc.StatusCode[state.code].value[0]
            entry.status.error_message = state.message
        return response


def answer_predict(name: str, model: LoadedModel, request: Any, tensor_limit: int) -> Any:
    """The PredictResponse of a PredictRequest.

    Raises:
      ServingError: a tensor is broken or too large, or the model cannot answer.
    """
    signature = model.signature(request.model_spec.signature_name)
    inputs = {key: read_tensor(key, value, tensor_limit) for key, value in request.inputs.items()}
    wanted = list(request.output_filter)
    _check_filter(wanted, set(model.definitions[signature].outputs))
    outputs = model.run(signature, inputs)
    response = api.predict_pb2.PredictResponse(model_spec=_model_spec(name, model, signature))
    for key in wanted or outputs:
        write_tensor(response.outputs[key], outputs[key])
    return response


def warm_up(model: LoadedModel, folder: Path, tensor_limit: int) -> None:
    """Lets a model answer the requests that were exported with it, if there are any.

    The first call of a signature takes longer than others.

    Raises:
      ServingError: the model cannot answer one.
    """
    path = folder / WARMUP
    if not api.has_api() or not path.is_file():
        return
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = api.prediction_log_pb2.PredictionLog.FromString(record)
        answer_predict("", model, log.predict_log.request, tensor_limit)


def _model_spec(name: str, model: LoadedModel, signature: str = "") -> Any:
    spec = api.model_pb2.ModelSpec(name=name, signature_name=signature)
    spec.version.value = model.version
    return spec


def _wanted(request: Any, *, named: bool = True) -> Wanted:
    """Which version is asked for; where `named`, a model without a name is an error of its own."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec = request.model_spec
    if named and not spec.name:
        raise invalid("ModelSpec has no name specified.")
    return Wanted(
        spec.name,
        spec.version.value if spec.HasField("version") else None,
        # A label that is set and empty is looked for like any other.
        spec.version_label if spec.HasField("version_label") else None,
    )


def _check_filter(wanted: list[str], outputs: set[str]) -> None:
    for index, key in enumerate(wanted):
        if key not in outputs:
            raise invalid(
                f"output tensor alias not found in signature: {key} Outputs expected to be in the "
                f"set {{{','.join(sorted(outputs))}}}."
            )
        if key in wanted[:index]:
            raise invalid(f"duplicate output tensor alias: {key}")


def _answer_errors(method: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return await method(request)
        except ServingError as error:
            await context.abort(api.grpc.StatusCode[error.code], str(error))
        except Exception:
            _log.exception("gRPC")
            await context.abort(
                api.grpc.StatusCode.INTERNAL, "internal error; see the server's log"
            )

    return answer
