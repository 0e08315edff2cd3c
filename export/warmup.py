"""Warm-up requests for TensorFlow Serving: one per signature, sent to itself when it loads a model.

The one door to tensorflow-serving-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

try:
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
except ImportError:
    predict_pb2 = prediction_log_pb2 = None

FOLDER = "assets.extra"
FILE_NAME = "tf_serving_warmup_requests"


def require_serving_api() -> None:
    """Raises ValueError without tensorflow-serving-api."""
    if predict_pb2 is None:
        raise ValueError(
            "warm-up requests need tensorflow-serving-api: pip install tensorflow-serving-api, or "
            "leave them out with --nowarmup"
        )


def write_warmup(
    folder: Path, name: str, requests: Mapping[str, Mapping[str, np.ndarray | tf.Tensor]]
) -> None:
    """Writes the requests of a SavedModel.

    Args:
      folder: of the SavedModel.
      name: of the model.
      requests: inputs per signature.
    """
    (folder / FOLDER).mkdir()
    with tf.io.TFRecordWriter(str(folder / FOLDER / FILE_NAME)) as writer:
        for signature, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
