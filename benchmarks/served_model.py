"""What benchmarks of the server share: a model exported from embedded weights, and a process."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
WEIGHTS = "puppets64"


def versions_folder(given: str, folder: Path) -> Path:
    """The folder of versions that an option names; without, a small model is exported."""
    if given:
        return Path(given)
    command = [sys.executable, "-m", "export.saved_model", f"--checkpoint={WEIGHTS}"]
    subprocess.run(
        [*command, f"--output={folder}"], cwd=REPOSITORY, check=True, capture_output=True
    )
    return folder / "maskanim"


@contextlib.contextmanager
def served(versions: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen, dict[str, str]]]:
    """A local server in a process of its own, and the first two addresses that it prints.

    They are named "REST", and "page" or, without a page, "gRPC".
    """
    command = [sys.executable, "-m", "serving.local", f"--model_base_path={versions.resolve()}"]
    with subprocess.Popen(
        [*command, "--port=0", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            lines = [process.stdout.readline() for _ in range(2)]
            if not all(lines):
                raise RuntimeError(f"the server ended with status {process.wait()}")
            addresses = dict(line.split(": ") for line in lines)
            yield process, {name: text.strip() for name, text in addresses.items()}
        finally:
            process.terminate()
            process.communicate()
