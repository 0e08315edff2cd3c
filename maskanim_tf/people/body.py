"""The static model of the upper body: what is the same for every person and every frame."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np
import scipy.sparse

from maskanim_tf.people.mesh import Mesh, load_mesh

Point = tuple[float, float, float]

_BODY_VERTICES = 13380
_PARTS = {
    "skin": ("body",),
    "left_eye": ("helper-l-eye",),
    "right_eye": ("helper-r-eye",),
    "tongue": ("helper-tongue",),
    "teeth": ("helper-upper-teeth", "helper-lower-teeth"),
    "lashes": (
        *("helper-l-eyelashes-1", "helper-l-eyelashes-2"),
        *("helper-r-eyelashes-1", "helper-r-eyelashes-2"),
    ),
    "cloth": ("helper-tights",),
}


class Body:
    """Triangles, skinning weights and regions of the base mesh.

    Attributes:
        mesh: the `Mesh` it was made of.
        rest: float32 `[vertices, 3]`, the base shape; its coordinates serve as texture space.
        parts: int32 `[triangles, 3]` for each of `skin`, `left_eye`, `right_eye`, `tongue`,
            `teeth`, `lashes` and `cloth`.
        triangles: all of these, in this order.
        skin_vertices: numbers of the vertices of the skin.
        eye_vertices: those of the `left` and the `right` eyeball.
        occlusion: float32 `[vertices]` in [0, 1], the share of the sky that a vertex sees.
        lips, ear: float32 `[vertices]` in [0, 1], how much a vertex belongs there.
        inner_mouth: bool `[vertices]`, the skin behind the lips.
        bones, unit_names, target_names: as in `Mesh`, lists of str.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.rest = mesh.vertices
        self.bones = mesh.bones.tolist()
        self.unit_names, self.target_names = mesh.unit_names.tolist(), mesh.target_names.tolist()
        self.parts = {name: _triangles(mesh, groups) for name, groups in _PARTS.items()}
        self.triangles = np.concatenate(list(self.parts.values()))
        self.skin_vertices = np.unique(self.parts["skin"])
        self.eye_vertices = {
            side: np.unique(self.parts[f"{side}_eye"]) for side in ("left", "right")
        }
        self._corners = np.ascontiguousarray(self.triangles.T)
        self._incidence = _incidence(self.triangles, len(self.rest))
        self._regions()

    def normals(self, positions: np.ndarray) -> np.ndarray:
        """Unit normals `[vertices, 3]`, means over the triangles weighted by their areas."""
        first, second, third = (np.take(positions, each, axis=0) for each in self._corners)
        (ax, ay, az), (bx, by, bz) = (second - first).T, (third - first).T
        faces = np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
        normals = self._incidence @ faces
        length = np.sqrt(np.einsum("vi,vi->v", normals, normals))[:, None]
        return (normals / np.maximum(length, 1e-9)).astype(np.float32)

    def nearest(self, point: Point, weights: Point = (1.0, 1.0, 1.0)) -> int:
        """The vertex of the skin nearest to a point of the base shape, with weights of the axes."""
        offsets = self.rest[self.skin_vertices] - np.float32(point)
        return int(self.skin_vertices[np.argmin(offsets**2 @ np.float32(weights))])

    def target_size(self, name: str) -> np.ndarray:
        """How far a shape target moves each vertex, `[vertices]`."""
        target = self.mesh.targets[self.target_names.index(name)]
        return np.linalg.norm(target.toarray().reshape(-1, 3), axis=1)

    def _regions(self) -> None:
        x, y, z = self.rest.T
        skin = self.mesh.numbers < _BODY_VERTICES
        with resources.files("maskanim_tf.people").joinpath("occlusion.npy").open("rb") as file:
            seen = np.load(file)
        lower = self.target_size("mouth/mouth-lowerlip-volume-incr")
        upper = self.target_size("mouth/mouth-upperlip-volume-incr")
        lips = np.clip(np.maximum(lower / lower.max(), upper / upper.max()) * 1.6, 0.0, 1.0)
        # A shift moves all of the ear alike, and the side of the head less.
        left, right = (self.target_size(f"ears/{side}-ear-trans-up") for side in "lr")
        ear = left + right
        self.ear = np.clip((ear / ear.max() - 0.93) / 0.05, 0.0, 1.0).astype(np.float32)
        cavity = skin & (np.abs(x) < 0.46) & (y > 6.2) & (y < 6.95) & (z < 1.47) & (z > 0.2)
        cavity &= seen < 0.10
        nostril = cavity & (y > 6.75) & (z > 1.3)
        self.inner_mouth = cavity & ~nostril
        # The row along the slit between the lips lies in the dark as well, but is lip.
        slit = skin & (np.abs(x) < 0.21) & (np.abs(y - 6.615) < 0.035) & (z > 1.3)
        lips[self.inner_mouth | slit] = 1.0
        self.lips = lips.astype(np.float32)
        self.occlusion = (np.clip(seen * 1.15, 0.0, 1.0) ** 0.9).astype(np.float32)


@functools.lru_cache(maxsize=1)
def load_body() -> Body:
    """The body, made once in each process.

    Raises:
        RuntimeError: if the package with its data is missing; see `load_mesh`.
    """
    return Body(load_mesh())


def _triangles(mesh: Mesh, groups: tuple[str, ...]) -> np.ndarray:
    quads = mesh.faces[np.isin(mesh.groups, groups)]
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)


def _incidence(triangles: np.ndarray, vertices: int) -> scipy.sparse.csr_matrix:
    """Sparse `[vertices, triangles]`: 1 where a triangle has a vertex."""
    columns = np.repeat(np.arange(len(triangles)), 3)
    ones = np.ones(len(columns), np.float32)
    shape = (vertices, len(triangles))
    return scipy.sparse.csr_matrix((ones, (triangles.ravel(), columns)), shape=shape)
