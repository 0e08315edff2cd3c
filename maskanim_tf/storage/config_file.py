"""The resolved configuration of a run, kept in its directory."""

from __future__ import annotations

import json
import os
from pathlib import Path

from maskanim_tf.config.sections import Config
from maskanim_tf.storage.files import atomic_path

FILE_NAME = "config.json"


def save_config(config: Config, run_dir: str | os.PathLike[str]) -> Path:
    """Writes `config.json` into the run directory, which is created, and returns its path."""
    path = Path(run_dir) / FILE_NAME
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(config.to_dict(), indent=2) + "\n")
    return path
