"""Results as files: JSON and CSV with every video and the mean."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maskanim_tf.evaluation.scoring import Results, Score, pool
from maskanim_tf.storage.csv_tables import write_table
from maskanim_tf.storage.files import write_json


def write_results(
    folder: str | os.PathLike[str],
    settings: Mapping[str, Any],
    methods: Results,
    columns: Sequence[str],
    not_measured: Mapping[str, str],
) -> None:
    """Writes `results.json` and `results.csv` with every video and the mean.

    Args:
      folder: where to write.
      settings: how it was measured.
      methods: the scores of each video of each method.
      columns: the metrics.
      not_measured: reasons for those that are missing.

    Raises:
      OSError: the folder cannot be written.
    """
    content = {
        "settings": dict(settings),
        "not_measured": {m: not_measured[m] for m in columns if m in not_measured},
        "methods": {
            method: {"mean": pool(videos.values()), "videos": videos}
            for method, videos in methods.items()
        },
    }
    write_json(Path(folder) / "results.json", content)
    rows = [
        (method, name, *(_cell(scores.get(metric)) for metric in columns))
        for method, videos in methods.items()
        for name, scores in (*videos.items(), ("mean", pool(videos.values())))
    ]
    write_table(Path(folder) / "results.csv", ("method", "video", *columns), rows)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Reads a JSON file.

    Raises:
      ValueError: it is damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove it and start again") from error


def _cell(score: Score | None) -> float | str:
    return "" if score is None or score.value is None else score.value
