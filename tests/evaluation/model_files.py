"""Tiny networks in files: each returns the mean colour of a frame, or a channel of it."""

import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, helper


def mean_onnx(path, size=16, batch="batch"):
    """`[batch, 3, size, size]` -> mean colour `[batch, 3]`."""
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=0)
    _save(path, [node], [axes], size, [batch, 3], batch)


def red_onnx(path, size=16):
    """`[batch, 3, size, size]` -> its red channel as a heat map `[batch, 1, size, size]`."""
    bounds = [helper.make_tensor(n, TensorProto.INT64, [1], [v]) for n, v in zip("abc", (0, 1, 1))]
    node = helper.make_node("Slice", ["x", "a", "b", "c"], ["y"])
    _save(path, [node], bounds, size, ["batch", 1, size, size], "batch")


def _save(path, nodes, constants, size, output, batch):
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, size, size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.save(model, str(path))


class Mean(tf.Module):
    """`[batch, size, size, 3]` -> mean colour `[batch, 3]`."""

    def __init__(self, size=16, batch=None):
        super().__init__()
        signature = [tf.TensorSpec((batch, size, size, 3), tf.float32)]
        self.call = tf.function(lambda x: {"y": tf.reduce_mean(x, (1, 2))}, signature)


def mean_saved_model(path):
    module = Mean()
    tf.saved_model.save(module, str(path), signatures=module.call)


def mean_tflite(path):
    concrete = Mean(batch=1).call.get_concrete_function()
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


def plain(*colors, size=32):
    """Frames of one colour each, uint8 `[colors, size, size, 3]`."""
    return np.zeros((len(colors), size, size, 3), np.uint8) + np.uint8(colors)[:, None, None]
