"""Weights that ONNX graphs share: a file beside the graphs holds each once, whichever use it.

The mask generator is in two stages, r, l and h in two. For browsers weights have 16 bits, half of
the bytes that somebody would wait for; runtimes make float32 of them when they load a graph, so
that it computes as before.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

import numpy as np
import onnx

from maskanim_tf.export.onnx_graph import LARGE

WEIGHTS = "weights.bin"


class SharedWeights:
    """Takes the large weights out of graphs.

    Args:
      file: that they are written to; graphs look for it under the name `WEIGHTS`.
      half: as float16.
    """

    def __init__(self, file: BinaryIO, half: bool):
        self._file = file
        self._half = half
        self._places: dict[bytes, int] = {}

    def take_from(self, graph: onnx.GraphProto) -> None:
        """Moves a graph's large weights of 32 bits into the file."""
        casts = []
        for weight in graph.initializer:
            values = onnx.numpy_helper.to_array(weight)
            if values.dtype != np.float32 or values.size < LARGE:
                continue
            outside = onnx.TensorProto(
                name=weight.name,
                data_type=onnx.TensorProto.FLOAT,
                dims=weight.dims,
                data_location=onnx.TensorProto.EXTERNAL,
            )
            if self._half:
                values = values.astype(np.float16)
                outside.name, outside.data_type = f"{weight.name}/half", onnx.TensorProto.FLOAT16
                float32 = onnx.TensorProto.FLOAT
                casts.append(
                    onnx.helper.make_node("Cast", [outside.name], [weight.name], to=float32)
                )
            for key, value in self._place(values.tobytes()).items():
                outside.external_data.add(key=key, value=str(value))
            weight.CopyFrom(outside)
        nodes = [*casts, *graph.node]
        del graph.node[:]
        graph.node.extend(nodes)

    def _place(self, content: bytes) -> dict[str, str | int]:
        digest = hashlib.sha256(content).digest()
        if digest not in self._places:
            self._places[digest] = self._file.tell()
            self._file.write(content)
        return {"location": WEIGHTS, "offset": self._places[digest], "length": len(content)}
