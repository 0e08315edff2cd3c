"""Names of weight files: those that come with the package, paths, and addresses.

| name | where it is |
| --- | --- |
| `people128`, or another one that comes with the package | `maskanim_tf/weights/<name>.npz` |
| `run/checkpoints/best.npz` | a local path |
| `s3://bucket/best.npz` | an object store, see `storage.locations` |
| `hf://owner/name`, `hf://owner/name/file.npz` | a repository of models on the Hugging Face hub |
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from maskanim_tf.storage.text import first_line

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
# What commands use where nothing else is asked for.
DEFAULT_PRESET = "people128"
# The file of a repository on the hub whose address names none.
HUB_FILE = "weights.npz"
_HUB = "hf://"
# Settings of test time that were found after the weights in the package had been written.
_PEOPLE = {"mirrored_masks": True, "driver_share": 0.4}
_AT_TEST_TIME: dict[str, dict[str, Any]] = {"people128": _PEOPLE, "people256": _PEOPLE}


def preset_names() -> list[str]:
    """The names of the weights that come with the package."""
    return sorted(path.stem for path in WEIGHTS_FOLDER.glob("*.npz"))


def preset_path(name: str = DEFAULT_PRESET) -> Path:
    """The file of weights that come with the package; its model card lies beside it."""
    return WEIGHTS_FOLDER / f"{name}.npz"


def inference_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What to change in the model's configuration that a weight file holds; empty for most."""
    path = Path(path)
    return _AT_TEST_TIME.get(path.stem, {}) if path.parent == WEIGHTS_FOLDER else {}


def find_weights(name: str | os.PathLike[str] = "") -> str:
    """The path or address of a weight file; a file on the hub is downloaded once.

    Args:
      name: see the head of this file; "" for the default.

    Raises:
      ValueError: an address on the hub that is none, or the hub's package is missing.
      OSError: the hub cannot be reached, or has no such file.
    """
    name = os.fspath(name) or DEFAULT_PRESET
    if name in preset_names():
        return str(preset_path(name))
    return _download(name) if name.startswith(_HUB) else name


def weights_name(name: str | os.PathLike[str] = "") -> str:
    """What to call weights: their preset, or the name of their file without its ending."""
    name = os.fspath(name).rstrip("/") or DEFAULT_PRESET
    return os.path.splitext(os.path.basename(name))[0]


def _download(address: str) -> str:
    owner, _, rest = address[len(_HUB) :].partition("/")
    name, _, file = rest.partition("/")
    if not owner or not name:
        raise ValueError(f"{address} is no address on the hub: write hf://owner/name")
    try:
        import huggingface_hub
    except ImportError as error:
        raise ValueError(
            f"{address} needs the package huggingface_hub: pip install 'maskanim[hub]'"
        ) from error
    try:
        return huggingface_hub.hf_hub_download(f"{owner}/{name}", file or HUB_FILE)
    except (OSError, ValueError) as error:
        raise OSError(
            f"{address} could not be fetched: {first_line(error)}. Is the network up, and is "
            f"{file or HUB_FILE} in that repository? A file that lies here can be given by its path"
        ) from error
