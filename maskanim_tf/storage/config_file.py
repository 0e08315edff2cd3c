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


def load_config(run_dir: str | os.PathLike[str]) -> Config:
    """Reads what `save_config` wrote.

    Raises:
      FileNotFoundError: the directory holds no configuration.
      ValueError: the file is not JSON, names an unknown option or a value outside its range.
    """
    path = Path(run_dir) / FILE_NAME
    if not path.is_file():
        raise FileNotFoundError(f"no {FILE_NAME} in {run_dir}: is it the directory of a run?")
    try:
        return Config.from_dict(json.loads(path.read_text()))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a valid configuration: {error}") from error
