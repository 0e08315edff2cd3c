"""Packages of npm's registry from which files are taken that this project does not ship.

A version is pinned with its checksum, so that everybody has the same bytes, wherever they come
from: npm where it is installed (with its settings: registry, proxy, cache), plain HTTPS otherwise,
or a file.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

REGISTRY = "https://registry.npmjs.org"
SECONDS = 300


@dataclasses.dataclass(frozen=True)
class NpmPackage:
    """One version of a package.

    Attributes:
      name: such as `onnxruntime-web` or `@vladmandic/face-api`.
      version: of it.
      sha512: what `npm view NAME@VERSION dist.integrity` prints, without its prefix.
    """

    name: str
    version: str
    sha512: str

    @property
    def archive(self) -> str:
        """Name of the file that `npm pack` writes."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"

    def read(self, archive: str, flag: str) -> bytes:
        """Its archive, a .tgz.

        Args:
          archive: path of a file; where it is empty, the registry is asked.
          flag: that names such a file, for messages.

        Raises:
          OSError: it cannot be had.
          ValueError: it is not this version.
        """
        content = Path(archive).read_bytes() if archive else self._download(flag)
        if base64.b64encode(hashlib.sha512(content).digest()).decode() != self.sha512:
            raise ValueError(
                f"{archive or self.archive} is not {self.name} {self.version}: its checksum "
                f"differs; make it anew with: npm pack {self.name}@{self.version}"
            )
        return content

    def _download(self, flag: str) -> bytes:
        try:
            return self._from_npm() if shutil.which("npm") else self._from_registry()
        except (OSError, subprocess.SubprocessError) as error:
            raise OSError(
                f"{self.name} {self.version} cannot be had from npm's registry ({_reason(error)}); "
                f"where there is a network run: npm pack {self.name}@{self.version}, and give the "
                f"file: --{flag}={self.archive}"
            ) from error

    def _from_npm(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["npm", "pack", f"{self.name}@{self.version}", f"--pack-destination={folder}"],
                check=True,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            return (Path(folder) / self.archive).read_bytes()

    def _from_registry(self) -> bytes:
        # As npm spells it.
        registry = os.environ.get("npm_config_registry", REGISTRY).rstrip("/")  # noqa: SIM112
        file = f"{self.name.rpartition('/')[2]}-{self.version}.tgz"
        with urllib.request.urlopen(f"{registry}/{self.name}/-/{file}", timeout=SECONDS) as answer:
            return answer.read()


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        told = [line for line in error.stderr.splitlines() if line.startswith("npm error")]
        return (told or ["npm failed"])[0]
    return str(error)
