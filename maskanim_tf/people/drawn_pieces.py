"""A piece on the graphics card."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from maskanim_tf.people.graphics import Program
from maskanim_tf.people.pieces import STRANDS, Piece


class DrawnPiece:
    """Buffers of one piece; vertices stay as they are, the shaders move them."""

    def __init__(
        self,
        context: Any,
        piece: Piece,
        programs: dict[str, Program],
        texture: Callable[[np.ndarray], Any],
    ) -> None:
        self.kind = piece.kind
        self._program = programs[piece.kind]
        self._label = piece.label / 255.0
        self._colors = piece.colors
        self._maps = []
        if piece.paint is not None:
            self._maps = [texture(piece.paint.albedo)]
            if piece.kind != STRANDS:
                self._maps.append(texture(piece.paint.relief))
        arrays = {
            "in_position": (piece.positions, "3f"),
            "in_normal": (piece.normals, "3f"),
            "in_uv": (piece.uv, "2f"),
            "in_tint": (piece.tint, "4f"),
        }
        if piece.tangents is not None:
            arrays["in_tangent"] = (piece.tangents, "3f")
        buffers = {
            name: (context.buffer(np.ascontiguousarray(array, np.float32).tobytes()), form)
            for name, (array, form) in arrays.items()
        }
        index = context.buffer(np.ascontiguousarray(piece.triangles, np.int32).tobytes())
        self._array = self._program.vertex_array(context, buffers, index)
        self._shadow = None
        self._owned = [*(buffer for buffer, _ in buffers.values()), index, self._array]
        if piece.shadow:
            triangles = piece.triangles
            if piece.kind == STRANDS:  # a part of the strips throws the same soft shadow
                triangles = triangles.reshape(-1, piece.strip, 3)[::3].reshape(-1, 3)
            thin = context.buffer(np.ascontiguousarray(triangles, np.int32).tobytes())
            self._shadow = programs["riding_shadow"].vertex_array(context, buffers, thin)
            self._owned += [thin, self._shadow]

    def draw(self) -> None:
        """Draws it into the current frame."""
        for unit, each in enumerate(self._maps, start=1):
            each.use(unit)
        if self._colors is not None:
            self._program.set(hair_color=self._colors[0], tip_color=self._colors[1])
        self._program.set(
            label=self._label, scatter=np.full(3, 0.12), reflectance=0.045, up=np.float32([0, 1, 0])
        )
        self._array.render()

    def draw_shadow(self) -> None:
        """Draws its depth as the key light sees it."""
        if self._shadow is not None:
            self._shadow.render()

    def release(self) -> None:
        """Frees the buffers."""
        for each in self._owned:
            each.release()
