"""Results for people: a table, why something is missing from it, and who is better by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maskanim_tf.evaluation.metrics import AKD, HIGHER_IS_BETTER, METRICS
from maskanim_tf.evaluation.scoring import Results, pool

NOT_MEASURED = "not measured"
NO_POINTS = "nothing to compare was found in the frames"


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
