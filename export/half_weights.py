"""Weights of 16 bits that ONNX graphs share: a quarter of the bytes that a browser would wait for.

A file beside the graphs holds each large weight once, whichever of them use it (the mask generator
is in both stages). Runtimes make float32 of them when they load a graph, so that it computes as
before.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

import numpy as np
import onnx

from maskanim_tf.export.onnx_graph import LARGE

WEIGHTS = "weights.bin"


class HalfWeights:
    """Takes the large weights out of graphs.

    Args:
      file: that they are written to; graphs look for it under the name `WEIGHTS`.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._places: dict[bytes, int] = {}

    def take_from(self, graph: onnx.GraphProto) -> None:
        """Moves a graph's large weights of 32 bits into the file, as float16."""
        casts = []
        for weight in graph.initializer:
            values = onnx.numpy_helper.to_array(weight)
            if values.dtype != np.float32 or values.size < LARGE:
                continue
            half = onnx.TensorProto(
                name=f"{weight.name}/half",
                data_type=onnx.TensorProto.FLOAT16,
                dims=weight.dims,
                data_location=onnx.TensorProto.EXTERNAL,
            )
            for key, value in self._place(values.astype(np.float16).tobytes()).items():
                half.external_data.add(key=key, value=str(value))
            float32 = onnx.TensorProto.FLOAT
            casts.append(onnx.helper.make_node("Cast", [half.name], [weight.name], to=float32))
            weight.CopyFrom(half)
        nodes = [*casts, *graph.node]
        del graph.node[:]
        graph.node.extend(nodes)

    def _place(self, content: bytes) -> dict[str, str | int]:
        digest = hashlib.sha256(content).digest()
        if digest not in self._places:
            self._places[digest] = self._file.tell()
            self._file.write(content)
        return {"location": WEIGHTS, "offset": self._places[digest], "length": len(content)}
