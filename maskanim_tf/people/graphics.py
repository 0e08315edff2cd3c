"""OpenGL objects: shaders read from files, textures with mipmaps, buffers that are released."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import moderngl
import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee


def shader_source(name: str, *defines: str) -> str:
    """The text of a shader with its includes, and with words defined."""
    folder = resources.files("maskanim_tf.people").joinpath("shaders")

    def include(match: re.Match[str]) -> str:
        return folder.joinpath(match.group(1)).read_text(encoding="utf-8")

    text = folder.joinpath(f"{name}.glsl").read_text(encoding="utf-8")
    text = re.sub(r'#include "([\w.]+)"', include, text)
    version, rest = text.split("\n", 1)
    return "\n".join([version, *(f"#define {word}" for word in defines), rest])


class Program:
    """A pair of shaders; uniforms that the compiler dropped are ignored when set."""

    def __init__(self, context: Any, vertex: str, fragment: str, *defines: str) -> None:
        self.program = context.program(
            shader_source(vertex, *defines), shader_source(fragment, *defines)
        )
        # Looking a name up in the program itself goes through all of them.
        self._members = {name: self.program[name] for name in self.program}

    def set(self, **values: Any) -> None:
        """Sets uniforms: numbers, bytes, vectors and lists of them; matrices by their columns."""
        for name, value in values.items():
            member = self._members.get(name)
            if member is None:
                continue
            if isinstance(value, (int, float)):
                member.value = value
            else:
                member.write(value if isinstance(value, bytes) else encoded(value))

    def vertex_array(self, context: Any, buffers: dict[str, Any], index: Any) -> Any:
        """Binds those buffers (name: (buffer, format)) that the shaders read."""
        content = [
            (buffer, form, name)
            for name, (buffer, form) in buffers.items()
            if name in self._members
        ]
        return context.vertex_array(self.program, content, index)


def encoded(value: Any) -> bytes:
    """A vector or a list of vectors, such as the columns of a matrix, as a uniform takes it."""
    return np.asarray(value, np.float32).tobytes()


def make_texture(context: Any, pixels: np.ndarray) -> Any:
    """A texture with mipmaps from uint8 `[height, width, channels]`; it repeats sideways."""
    height, width, channels = pixels.shape
    texture = context.texture((width, height), channels, np.ascontiguousarray(pixels).tobytes())
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
    texture.repeat_y = False
    return texture


def drawing_order(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brings neighbours together, so that a vertex is worked out once and not for each triangle.

    Args:
        triangles: int `[t, 3]`.

    Returns:
        Numbers of the vertices that are used, in their new order, `[n]`; and triangles int32
        `[t, 3]` over these.
    """
    used, corners = np.unique(triangles, return_inverse=True)
    corners = corners.reshape(-1, 3)
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    ones, shape = np.ones(len(ends), np.int8), (len(used), len(used))
    graph = scipy.sparse.csr_matrix((ones, ends.T), shape=shape)
    order = reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    ordered = rank[corners]
    ordered = ordered[np.lexsort((ordered.min(axis=1), ordered.max(axis=1)))]
    return used[order], ordered.astype(np.int32)
