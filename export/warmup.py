"""Warm-up requests for TensorFlow Serving: one per signature, sent to itself when it loads a model.

The one door to tensorflow-serving-api.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.config import ModelConfig
from maskanim_tf.export import signature_names as names
from maskanim_tf.export.encoded_frames import encode_frames

try:
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
except ImportError:
    predict_pb2 = prediction_log_pb2 = None

# Where TensorFlow Serving looks for them in a SavedModel's folder.
WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"


def require_serving_api() -> None:
    """Raises ValueError without tensorflow-serving-api."""
    if predict_pb2 is None:
        raise ValueError(
            "warm-up requests need tensorflow-serving-api: pip install tensorflow-serving-api, or "
            "leave them out with --nowarmup"
        )


def write_warmup(folder: Path, name: str, model: ModelConfig, batch: int) -> None:
    """Writes a request for each signature of a SavedModel.

    Args:
      folder: of the SavedModel.
      name: of the model.
      model: its configuration.
      batch: driving frames of a request.
    """
    frames = np.full((batch, model.image_size, model.image_size, 3), 0.5, np.float32)
    pictures = encode_frames(tf.constant(frames), "png", 0).numpy()
    masks = np.full((batch, model.mask_size, model.mask_size, 1), 0.5, np.float32)
    pair = {keys.SOURCE: frames, keys.DRIVING: frames}
    requests = {
        names.SERVING_DEFAULT: pair,
        names.ANIMATE_BYTES: {names.SOURCE_BYTES: pictures, names.DRIVING_BYTES: pictures},
        names.ENCODE_SOURCE: {names.SOURCE_BYTES: pictures[:1]},
        names.ANIMATE_ENCODED: {
            keys.SOURCE: frames[:1],
            keys.SOURCE_MASK: masks[:1],
            names.DRIVING_BYTES: pictures,
        },
        names.MASKS: pair,
        names.FIND_MASKS: {names.DRIVING_BYTES: pictures[:1]},
        names.ANIMATE_MASKS: {names.SOURCE_BYTES: pictures, keys.DRIVING_MASK: masks},
        names.INSPECT_MASKS: {keys.SOURCE: frames[:1], keys.DRIVING_MASK: masks},
    }
    path = folder / WARMUP
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
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
