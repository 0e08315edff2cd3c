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
def served(versions: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """A local server in a process of its own, and its address."""
    command = [sys.executable, "-m", "serving.local", f"--model_base_path={versions}", "--port=0"]
    with subprocess.Popen(
        [*command, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the server ended with status {process.wait()}")
            yield process, line.split()[1].partition("/v1/")[0]
        finally:
            process.terminate()
            process.communicate()
