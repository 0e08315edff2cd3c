"""A network for AED and CSIM that anybody may use: dlib's face recognition, as an ONNX file.

Davis King trained it and gave its weights to the public domain (the README of davisking/dlib-models
says so); here they are read from the npm package `@vladmandic/face-api` (MIT License), which stores
them in 8 bits. It is a residual network of 29 convolutions; inputs are faces that
`maskanim_tf.evaluation.face_chips` cut out, float32 `[batch, 150, 150, 3]`, RGB in [0, 255],
outputs are float32 `[batch, 128]`. Two faces of one person are closer than 0.6.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from maskanim_tf.storage.npm_packages import NpmPackage

PACKAGE = NpmPackage(
    "@vladmandic/face-api",
    "1.7.15",
    "WDMmK3CfNLo8jylWqMoQgf4nIst3M0fzx1dnac96wv/dvMTN4DxC/Pq1DGtduDk1lktCamQ3MIDXFnvrdHTXDw==",
)
MODEL = "package/model/face_recognition_model"
SIZE, FEATURES = 150, 128
OPSET = 17
# Of the pictures that it was trained on; the difference is divided by 256.
MEAN = np.array([122.782, 117.001, 104.298], np.float32)
RANGE = np.array(256, np.float32)
# Names of the blocks after the first convolution, each of two; "down" halves the side.
BLOCKS = (
    *("conv32_1", "conv32_2", "conv32_3"),
    *("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2"),
    *("conv256_down", "conv256_1", "conv256_2", "conv256_down_out"),
)

Weights = Mapping[str, np.ndarray]


def read_weights(archive: bytes) -> dict[str, np.ndarray]:
    """The float32 weights in the package's archive, by their names.

    Raises:
      ValueError: the archive does not hold them.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as package:
            manifest, values = (
                package.extractfile(f"{MODEL}{suffix}").read()  # type: ignore[union-attr]
                for suffix in ("-weights_manifest.json", ".bin")
            )
        return dict(_dequantized(json.loads(manifest)[0]["weights"], values))
    except (tarfile.TarError, EOFError, LookupError, ValueError, AttributeError) as error:
        raise ValueError(f"the package holds no {MODEL} as expected ({error})") from error


def build_model(weights: Weights) -> onnx.ModelProto:
    """The network with given weights; their widths may be other than the published ones.

    Raises:
      ValueError: one is missing.
    """
    graph = _Graph(weights)
    features = graph.build()
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", features])
    faces = helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["batch", SIZE, SIZE, 3])
    content = helper.make_graph(graph.nodes, "face", [faces], [output], graph.constants)
    model = helper.make_model(content, opset_imports=[helper.make_opsetid("", OPSET)])
    # Of ONNX 1.12, which knows this opset: newer numbers are refused by older runtimes.
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def _dequantized(entries: list[dict], values: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Names and values; the bytes of each entry follow those of the one before."""
    start = 0
    for entry in entries:
        coding = entry.get("quantization", {"dtype": "float32", "scale": 1, "min": 0})
        stored = np.frombuffer(values, coding["dtype"], int(np.prod(entry["shape"])), start)
        decoded = stored.reshape(entry["shape"]) * coding["scale"] + coding["min"]
        yield entry["name"], decoded.astype(np.float32)
        start += stored.nbytes
    if start != len(values):
        raise ValueError(f"{len(values)} bytes instead of {start}")


class _Graph:
    """Nodes and constants while they are made; layers return the name of their result."""

    def __init__(self, weights: Weights):
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def build(self) -> int:
        """All layers from `faces` to `embedding`; returns the length of an embedding."""
        x = self._add("Sub", "faces", self._constant("mean", MEAN))
        x = self._add("Div", x, self._constant("range", RANGE))
        x = self._add("Transpose", x, perm=[0, 3, 1, 2])
        x, channels = self._convolution(x, "conv32_down", stride=2)
        x = self._add("MaxPool", self._add("Relu", x), kernel_shape=[3, 3], strides=[2, 2])
        # As large as the valid convolution and the valid pooling leave it.
        side = ((SIZE - 7) // 2 + 1 - 3) // 2 + 1
        for name in BLOCKS:
            x, channels, side = self._block(x, name, channels, side)
        x = self._add("Flatten", self._add("GlobalAveragePool", x))
        last = self._weight("fc")
        self._add("MatMul", x, self._constant("fc", last), output="embedding")
        return last.shape[1]

    def _block(self, x: str, name: str, channels: int, side: int) -> tuple[str, int, int]:
        down = "_down" in name
        y, _ = self._convolution(x, f"{name}/conv1", stride=2 if down else 1)
        y, wider = self._convolution(self._add("Relu", y), f"{name}/conv2")
        if down:
            x = self._add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            # The valid convolution may end one row earlier than the pooling; zeros fill the gap,
            # and stand for channels that the shortcut lacks.
            pooled, convolved = side // 2, (side - 3) // 2 + 1
            x = self._padded(x, name + "/x", wider - channels, 0)
            y = self._padded(y, name + "/y", 0, pooled - convolved)
            side = pooled
        return self._add("Relu", self._add("Add", x, y)), wider, side

    def _convolution(self, x: str, name: str, stride: int = 1) -> tuple[str, int]:
        """A convolution, with the affine layer after it folded in; and its channels."""
        kernel, bias = self._weight(f"{name}/conv/filters"), self._weight(f"{name}/conv/bias")
        scale, shift = self._weight(f"{name}/scale/weights"), self._weight(f"{name}/scale/biases")
        folded = (kernel * scale).transpose(3, 2, 0, 1)
        y = self._add(
            "Conv",
            x,
            self._constant(f"{name}/kernel", folded),
            self._constant(f"{name}/bias", bias * scale + shift),
            strides=[stride, stride],
            pads=[0] * 4 if stride == 2 else [kernel.shape[0] // 2] * 4,
        )
        return y, kernel.shape[3]

    def _padded(self, x: str, name: str, channels: int, rows: int) -> str:
        """Zeros after the last channel, row and column."""
        if not channels and not rows:
            return x
        pads = np.array([0, 0, 0, 0, 0, channels, rows, rows], np.int64)
        return self._add("Pad", x, self._constant(f"{name}/pads", pads))

    def _add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _weight(self, name: str) -> np.ndarray:
        if name not in self._weights:
            raise ValueError(f"the weights lack {name}")
        return self._weights[name]

    def _constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name
