"""Results: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maskanim_tf.evaluation.metrics import AKD, HIGHER_IS_BETTER, METRICS
from maskanim_tf.evaluation.scoring import Results, Score, pool
from maskanim_tf.files import atomic_path

Scores = Mapping[str, Score]
NOT_MEASURED = "not measured"
NO_POINTS = "nothing to compare was found in the frames"


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
            method: {
                "mean": encode_scores(pool(videos.values())),
                "videos": {name: encode_scores(scores) for name, scores in videos.items()},
            }
            for method, videos in methods.items()
        },
    }
    write_json(Path(folder) / "results.json", content)
    with (
        atomic_path(Path(folder) / "results.csv") as partial,
        open(partial, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(("method", "video", *columns))
        for method, videos in methods.items():
            for name, scores in (*videos.items(), ("mean", pool(videos.values()))):
                writer.writerow((method, name, *(_cell(scores, metric) for metric in columns)))


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Writes a JSON file, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Reads a JSON file.

    Raises:
      ValueError: it is damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove it and start again") from error


def encode_scores(scores: Scores) -> dict[str, Any]:
    """Scores as plain values: `{"l1": {"value": 0.02, "weight": 31}}`."""
    return {metric: {"value": s.value, "weight": s.weight} for metric, s in scores.items()}


def decode_scores(plain: Mapping[str, Any]) -> dict[str, Score]:
    """The inverse of `encode_scores`."""
    return {metric: Score(**values) for metric, values in plain.items()}


def means(methods: Results) -> dict[str, dict[str, float]]:
    """Per method the pooled value of each metric that has one."""
    pooled = {method: pool(videos.values()) for method, videos in methods.items()}
    return {
        method: {m: s.value for m, s in scores.items() if s.value is not None}
        for method, scores in pooled.items()
    }


def format_table(
    rows: Mapping[str, Mapping[str, float]],
    columns: Sequence[str],
    not_measured: Mapping[str, str],
) -> str:
    """A table with a line per method; below it why a metric was not measured.

    Args:
      rows: per method the values that are known; the others are shown as "-".
      columns: the metrics.
      not_measured: reasons for those that are missing.
    """
    width = max(len(method) for method in rows) + 2
    heads = [f"{m.upper()} {'↑' if m in HIGHER_IS_BETTER else '↓'}" for m in columns]
    lines = ["".ljust(width) + "".join(head.rjust(10) for head in heads)]
    for method, values in rows.items():
        cells = (_shown(values.get(metric), metric) for metric in columns)
        lines.append(method.ljust(width) + "".join(cell.rjust(10) for cell in cells))
    reasons: dict[str, list[str]] = {}
    for metric in METRICS:
        if metric in columns and metric in not_measured:
            reasons.setdefault(not_measured[metric], []).append(metric.upper())
    lines += [f"{', '.join(names)} {NOT_MEASURED}: {reason}" for reason, names in reasons.items()]
    return "\n".join(lines)


def improvement(values: Mapping[str, float], baseline: Mapping[str, float]) -> dict[str, float]:
    """By how many percent values are better than a baseline, for the metrics that both have."""
    return {
        metric: 100 * (1 if metric in HIGHER_IS_BETTER else -1) * (value / baseline[metric] - 1)
        for metric, value in values.items()
        if baseline.get(metric)
    }


def format_improvement(
    label: str, values: Mapping[str, float], baseline: Mapping[str, float]
) -> str:
    """One line that says by how much a method is better; empty where nothing can be said."""
    better = improvement(values, baseline)
    if not better:
        return ""
    parts = (f"{metric.upper()} {better[metric]:+.1f} %" for metric in METRICS if metric in better)
    return f"{label}: {', '.join(parts)}"


def add_reasons(not_measured: Mapping[str, str], methods: Results) -> dict[str, str]:
    """Adds a reason for metrics whose model was there but found nothing in any video."""
    scores = [pool(videos.values()) for videos in methods.values()]
    empty = {m for row in scores for m in row if all(r[m].value is None for r in scores if m in r)}
    return {**dict.fromkeys(empty, NO_POINTS), **not_measured}


def _shown(value: float | None, metric: str) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if metric == AKD else f"{value:.4f}"


def _cell(scores: Scores, metric: str) -> float | str:
    score = scores.get(metric)
    return "" if score is None or score.value is None else score.value
