"""ONNX Runtime Web, which `export.web` puts beside its page: taken from npm's registry, never kept.

The version is pinned with its checksum, so that every build has the same bytes.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from maskanim_tf.storage.npm_packages import NpmPackage

PACKAGE = NpmPackage(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
# For processors, and with WebGPU; a browser loads one of both.
FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
NOTICE = f"""ONNX Runtime Web {PACKAGE.version}, from npm ({PACKAGE.name}).
Copyright (c) Microsoft Corporation. MIT License: https://github.com/microsoft/onnxruntime
"""


def install_runtime(folder: Path, archive: str = "") -> None:
    """Writes the runtime's files into a new folder.

    Args:
      folder: that is made.
      archive: path of npm's archive; by default it is downloaded.

    Raises:
      OSError: it cannot be had, or not be written.
      ValueError: it is not the pinned version.
    """
    content = PACKAGE.read(archive, "runtime")
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        for name in FILES:
            member = package.extractfile(f"package/dist/{name}")
            assert member is not None  # The checksum says so.
            (folder / name).write_bytes(member.read())
    (folder / "NOTICE").write_text(NOTICE)
