"""ONNX Runtime Web, which `export.web` puts beside its page: taken from npm's registry, never kept.

The version is pinned with its checksum, so that every build has the same bytes, wherever they come
from: npm where it is installed (with its settings: registry, proxy, cache), plain HTTPS otherwise,
or a file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from pathlib import Path

NAME, VERSION = "onnxruntime-web", "1.30.0"
# `npm view onnxruntime-web@VERSION dist.integrity`, without its prefix.
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
ARCHIVE = f"{NAME}-{VERSION}.tgz"
REGISTRY = "https://registry.npmjs.org"
SECONDS = 300
# For processors, and with WebGPU; a browser loads one of both.
FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
NOTICE = f"""ONNX Runtime Web {VERSION}, from npm ({NAME}).
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
    content = Path(archive).read_bytes() if archive else _download()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
        raise ValueError(
            f"{archive or ARCHIVE} is not {NAME} {VERSION}: its checksum differs; "
            f"make it anew with: npm pack {NAME}@{VERSION}"
        )
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        for name in FILES:
            member = package.extractfile(f"package/dist/{name}")
            assert member is not None  # The checksum says so.
            (folder / name).write_bytes(member.read())
    (folder / "NOTICE").write_text(NOTICE)


def _download() -> bytes:
    try:
        return _from_npm() if shutil.which("npm") else _from_registry()
    except (OSError, subprocess.SubprocessError) as error:
        raise OSError(
            f"{NAME} {VERSION} cannot be had from npm's registry ({_reason(error)}); where there "
            f"is a network run: npm pack {NAME}@{VERSION}, and give the file: "
            f"--runtime={ARCHIVE}"
        ) from error


def _from_npm() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", f"{NAME}@{VERSION}", f"--pack-destination={folder}"],
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        return (Path(folder) / ARCHIVE).read_bytes()


def _from_registry() -> bytes:
    # As npm spells it.
    registry = os.environ.get("npm_config_registry", REGISTRY).rstrip("/")  # noqa: SIM112
    with urllib.request.urlopen(f"{registry}/{NAME}/-/{ARCHIVE}", timeout=SECONDS) as answer:
        return answer.read()


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        told = [line for line in error.stderr.splitlines() if line.startswith("npm error")]
        return (told or ["npm failed"])[0]
    return str(error)
