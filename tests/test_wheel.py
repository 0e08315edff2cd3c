"""What is installed from a wheel, and that it works where nothing else of the repository is."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from maskanim_tf.console import COMMANDS
from maskanim_tf.samples import PORTRAIT, SPEAKER
from tests.animation.material import decoded
from tests.helpers import REPOSITORY

# Folders of the repository, and where they are installed.
PLACES = {
    "maskanim_tf": "maskanim_tf",
    "export": "maskanim_tf/export",
    "serving": "maskanim_tf/serving",
}
# What images and clusters are made from stays in the repository.
LEFT_OUT = ("", ".yaml", ".config", ".sh", ".pyc")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the content of a wheel and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in PLACES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, folder / "source" / name, symlinks=True, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(REPOSITORY / name, folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", folder, folder / "source"], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_a_wheel_installs_one_package_and_all_of_it(installed):
    assert {name.partition("-")[0] for name in os.listdir(installed)} == {"maskanim_tf", "maskanim"}
    for folder, place in PLACES.items():
        wanted = {
            path.relative_to(REPOSITORY / folder)
            for path in (REPOSITORY / folder).rglob("*")
            if path.is_file() and path.suffix not in LEFT_OUT
        }
        assert wanted
        missing = {path for path in wanted if not (installed / place / path).is_file()}
        assert missing == set()


PROGRAM = """
import importlib.util
from maskanim_tf import console
for module, _ in console.COMMANDS.values():
    print(importlib.util.find_spec(module).origin)
console.main()
"""


def test_the_embedded_weights_animate_from_it(installed, tmp_path):
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert "maskanim = maskanim_tf.console:main" in entry.read_text()
    done = subprocess.run(
        [
            *(sys.executable, "-c", PROGRAM, "animate", f"--source={PORTRAIT}"),
            *(f"--driving={SPEAKER}", "--output=me.mp4"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *origins, last = done.stdout.splitlines()
    assert last == "me.mp4: 50 frames at 25 per second"
    assert len(origins) == len(COMMANDS)
    assert all(origin.startswith(f"{installed}/maskanim_tf/") for origin in origins)
    assert decoded(tmp_path / "me.mp4")[0].shape == (50, 128, 128, 3)
