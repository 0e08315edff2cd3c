"""From a TensorFlow function to an ONNX graph; the one door to tf2onnx.

tf2onnx copies every constant many times over: a network of full width (0.4 GB of weights) takes
more than 21 GB. So kernels leave the graph before it is converted, which knows them as inputs, and
come back as what ONNX calls initializers, in its own order of axes.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

# To survive errors tf2onnx would copy the whole graph before each of its optimizations. Read when
# it is imported.
os.environ.setdefault("TF2ONNX_CATCH_ERRORS", "FALSE")
import onnx
import tf2onnx

from maskanim_tf.export.quiet import quietly

KERNEL_RANK = 4
# Elements from which on a constant leaves the graph; smaller ones may be merged with others.
LARGE = 1024


def to_onnx(
    function: tf.types.experimental.GenericFunction,
    specs: list[tf.TensorSpec],
    opset: int,
    **layout: Any,
) -> onnx.ModelProto:
    """Converts a function of core operations whose weights are constants.

    Args:
      function: returns a dict of tensors, which name the outputs.
      specs: its inputs, with their names.
      opset: version of the ONNX operations.
      **layout: further arguments of `tf2onnx.convert.from_graph_def`.

    Returns:
      The graph. An operation that tf2onnx lacks stays in it under TensorFlow's name, and no runtime
      will load it.
    """
    concrete = function.get_concrete_function(*specs)
    inputs = {tensor.name: spec.name for tensor, spec in zip(concrete.inputs, specs)}
    outputs = dict(zip((t.name for t in concrete.outputs), sorted(concrete.structured_outputs)))
    graph = concrete.graph.as_graph_def()
    kernels = take_kernels(graph)
    with quietly():
        model, _ = tf2onnx.convert.from_graph_def(
            graph,
            input_names=[*inputs, *kernels],
            output_names=list(outputs),
            opset=opset,
            tensors_to_rename={**inputs, **outputs},
            custom_op_handlers={"PyFunc": (_grid_sample, [])},
            **layout,
        )
    put_kernels(model.graph, kernels)
    return model


def _grid_sample(graph: Any, node: Any, _name: str, _arguments: Any) -> None:
    """Converts `inference.plain_layers.warp_by_grid`."""
    pictures, grid = node.input
    (output,), (shape,), (dtype,) = node.output, node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    planes = graph.make_node("Transpose", [pictures], attr={"perm": [0, 3, 1, 2]})
    settings = {"mode": "bilinear", "padding_mode": "border", "align_corners": 1}
    sampled = graph.make_node("GridSample", [planes.output[0], grid], attr=settings)
    graph.make_node(
        "Transpose",
        [sampled.output[0]],
        attr={"perm": [0, 2, 3, 1]},
        outputs=[output],
        shapes=[shape],
        dtypes=[dtype],
    )


def take_kernels(graph: tf.compat.v1.GraphDef) -> dict[str, np.ndarray]:
    """Makes placeholders of a graph's large kernels; returns them by the names of their tensors.

    What is called twice has its kernels twice in the graph; equal ones become one.
    """
    kernels: dict[str, np.ndarray] = {}
    first: dict[bytes, str] = {}
    doubles: dict[str, str] = {}
    for node in graph.node:
        if node.op != "Const":
            continue
        tensor = node.attr["value"].tensor
        shape = [dimension.size for dimension in tensor.tensor_shape.dim]
        if len(shape) != KERNEL_RANK or np.prod(shape) < LARGE:
            continue
        known = first.setdefault(tensor.SerializeToString(), node.name)
        if known != node.name:
            doubles[node.name] = known
            continue
        kernels[f"{node.name}:0"] = tf.make_ndarray(tensor)
        node.op = "Placeholder"
        node.attr["shape"].shape.CopyFrom(tensor.tensor_shape)
        del node.attr["value"]
    for node in graph.node:
        node.input[:] = [doubles.get(name, name) for name in node.input]
    for node in [node for node in graph.node if node.name in doubles]:
        graph.node.remove(node)
    return kernels


def put_kernels(graph: onnx.GraphProto, kernels: dict[str, np.ndarray]) -> None:
    """Makes initializers of inputs, and of their transposes."""
    for value in [value for value in graph.input if value.name in kernels]:
        graph.input.remove(value)
    transposes = [
        node for node in graph.node if node.op_type == "Transpose" and node.input[0] in kernels
    ]
    for node in transposes:
        (order,) = (attribute.ints for attribute in node.attribute if attribute.name == "perm")
        kernel = np.ascontiguousarray(kernels[node.input[0]].transpose(order))
        graph.initializer.append(onnx.numpy_helper.from_array(kernel, node.output[0]))
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for name in used & kernels.keys():
        graph.initializer.append(onnx.numpy_helper.from_array(kernels[name], name))


def interleave_by_filter(graph: onnx.GraphProto) -> None:
    """Gives every DepthToSpace the order of channels that PyTorch has, the only one of pnnx.

    Each follows a convolution, perhaps with a relu between, whose filters are reordered.
    """
    makers = {name: node for node in graph.node for name in node.output}
    weights = {weight.name: weight for weight in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "DepthToSpace"]:
        maker = makers[node.input[0]]
        while maker.op_type != "Conv":
            maker = makers[maker.input[0]]
        for name in maker.input[1:]:
            values = onnx.numpy_helper.to_array(weights[name])
            four = values.reshape(4, -1, *values.shape[1:])
            ordered = np.ascontiguousarray(four.swapaxes(0, 1)).reshape(values.shape)
            weights[name].CopyFrom(onnx.numpy_helper.from_array(ordered, name))
        # The other order is the default and not written.
        node.attribute.append(onnx.helper.make_attribute("mode", "CRD"))
