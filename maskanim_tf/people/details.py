"""The details of a face: nose, mouth, eyes, ... by weights of MakeHuman's shape targets."""

from __future__ import annotations

import functools

import numpy as np

Spread = tuple[float, float]
Targets = list[str]

# Standard deviation and mean of the weights by the beginning of the name; the first that fits
# counts. A positive weight means the target of this name, a negative one its opposite.
_SPREADS = (
    ("head/head-age", 0.15, 0.0),
    ("head/head-fat", 0.20, 0.0),
    ("head/head-angle", 0.15, 0.0),
    ("head/head-scale", 0.25, 0.0),
    ("head/head-back", 0.20, 0.0),
    ("nose/nose-trans", 0.12, 0.0),
    ("nose/nose-septumangle", 0.20, 0.0),
    ("nose/nose-volume", 0.20, 0.0),
    ("nose", 0.30, 0.0),
    ("mouth/mouth-trans", 0.14, 0.0),
    # Corners that point down make a stern face.
    ("mouth/mouth-angles-up", 0.22, 0.20),
    ("mouth/mouth-dimples", 0.20, 0.0),
    ("mouth/mouth-laugh-lines", 0.25, 0.0),
    ("mouth", 0.25, 0.0),
    ("eyes/*-eye-push", 0.14, 0.0),
    ("eyes/*-eye-trans", 0.12, 0.0),
    ("eyes/*-eye-scale-incr", 0.18, 0.12),
    ("eyes/*-eye-bag", 0.20, -0.05),
    ("eyes/*-eye-height2-incr", 0.18, 0.10),
    ("eyes", 0.22, 0.0),
    ("cheek", 0.28, 0.0),
    ("chin/chin-triangle", 0.20, 0.0),
    ("chin/chin-jaw-drop", 0.22, 0.0),
    ("chin/chin-cleft", 0.25, -0.10),
    ("chin", 0.28, 0.0),
    ("ears/*-ear-shape", 0.20, 0.0),
    ("ears/*-ear-wing", 0.22, -0.10),
    ("ears", 0.22, 0.0),
    ("forehead/forehead-nubian", 0.12, 0.0),
    ("forehead", 0.25, 0.0),
    # Brows that are low, or slope down to the nose, make an angry face.
    ("eyebrows/eyebrows-angle-up", 0.20, 0.30),
    ("eyebrows/eyebrows-trans-up", 0.22, 0.15),
    ("eyebrows", 0.22, 0.0),
    ("neck/neck-trans", 0.10, 0.0),
    ("neck/neck-double", 0.25, -0.10),
    ("neck", 0.20, 0.0),
    ("torso/torso-scale", 0.20, 0.0),
    ("torso/measure-shoulder", 0.25, 0.0),
    ("torso/torso-vshape", 0.20, 0.0),
)
_LARGEST = 0.75
_HEADS = ("diamond", "invertedtriangular", "oval", "rectangular", "round", "square", "triangular")
_ASYMMETRIES, _ASYMMETRY = 0.35, 0.22
_OPPOSITES = (
    *(("incr", "decr"), ("up", "down"), ("in", "out"), ("forward", "backward")),
    *(("convex", "concave"), ("uncompress", "compress")),
)


def random_details(names: list[str], rng: np.random.Generator) -> dict[str, float]:
    """Draws a face.

    Args:
        names: of all shape targets, `Body.target_names`.
        rng: consumed the same way for everybody.

    Returns:
        Weights above 0 by target. Left and right are alike, but for the targets of asymmetry.
    """
    details: dict[str, float] = {}
    choices, asymmetries = _choices(tuple(names))
    for (deviation, mean), positive, negative in choices:
        weight = np.clip(rng.normal(mean, deviation), -_LARGEST, _LARGEST)
        for each in positive if weight > 0 else negative:
            details[each] = float(abs(weight))
    for kind in rng.choice(len(_HEADS), 2, replace=False):
        details[f"head/head-{_HEADS[kind]}"] = float(rng.uniform(0.0, 0.55))
    for name in asymmetries:
        if rng.random() < _ASYMMETRIES:
            details[name] = float(min(abs(rng.normal(0.0, _ASYMMETRY)), _LARGEST))
    return details


@functools.lru_cache(maxsize=1)
def _choices(names: tuple[str, ...]) -> tuple[list[tuple[Spread, Targets, Targets]], list[str]]:
    """What is drawn: spread of the weight, targets if it is positive, and if not; asymmetries."""
    sided: dict[str, list[str]] = {}
    for name in names:
        sided.setdefault(name.replace("/l-", "/*-").replace("/r-", "/*-"), []).append(name)
    choices = []
    for name in sorted(sided):
        spread = _spread(name)
        if spread is not None and not _is_opposite(name, sided):
            choices.append((spread, sided[name], sided.get(opposite(name), [])))
    return choices, [name for name in sorted(sided) if name.startswith("asym/asym-")]


def opposite(name: str) -> str:
    """The name of the target that undoes this one, or the name itself if there is none."""
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if name.endswith(f"-{one}"):
                return name[: -len(one)] + other
    return name


def _is_opposite(name: str, sided: dict[str, list[str]]) -> bool:
    """Whether this is the second of a pair of which the first stands for both."""
    second = any(name.endswith(f"-{other}") for _, other in _OPPOSITES)
    return second and opposite(name) in sided


def _spread(name: str) -> Spread | None:
    """Standard deviation and mean of a target's weight; None if it is not drawn so."""
    if name.removeprefix("head/head-") in _HEADS:
        return None
    for beginning, deviation, mean in _SPREADS:
        if name.startswith(beginning):
            return deviation, mean
    return None
