"""Expressions of a face: smiles, brows, blinks, and how they go together."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.curves import events, pulse, smooth_noise

Units = dict[str, np.ndarray]
# Passing expressions: how often, and face units at their height.
_PASSING = {
    "surprise": (1.0, {"browInnerUp": 0.6, "browOuterUp": 0.6, "eyeWide": 0.4, "jawOpen": 0.12}),
    "interest": (3.0, {"browInnerUp": 0.35, "browOuterUp": 0.45, "eyeWide": 0.15}),
    "doubt": (1.0, {"browDown": 0.25, "eyeSquint": 0.35, "mouthPress": 0.2}),
    "sympathy": (1.5, {"browInnerUp": 0.55, "mouthFrown": 0.12}),
    "thought": (1.2, {"mouthPress": 0.3, "mouthPucker": 0.2, "eyeSquint": 0.25}),
    "lips": (1.2, {"mouthRollLower": 0.5, "mouthRollUpper": 0.4, "mouthPress": 0.3}),
    "disgust": (0.4, {"noseSneer": 0.4, "mouthUpperUp": 0.2, "eyeSquint": 0.3}),
    "sad": (0.5, {"mouthFrown": 0.5, "browInnerUp": 0.5, "mouthShrugLower": 0.25}),
    "cheeks": (0.3, {"cheekPuff": 0.6, "mouthPress": 0.3}),
    "askew": (0.8, {"mouthLeft": 0.35, "eyeSquint": 0.1}),
}


def random_expressions(
    rng: np.random.Generator, times: np.ndarray, warmth: float, liveliness: float
) -> Units:
    """Smiles, laughs and passing expressions.

    Args:
        rng: source of chance.
        times: seconds, `[times]`.
        warmth: how much and how often this person smiles, in [0, 1].
        liveliness: how often other expressions pass, about 1.

    Returns:
        Weights of face units over time; those with sides go without `Left` and `Right`.
    """
    end = float(times[-1])
    units: Units = {}
    smile = warmth * rng.uniform(0.15, 0.4) * (1.0 + 0.35 * smooth_noise(rng, times, 1.5)[:, 0])
    smiles = rng.spawn(1)[0]
    start = -1.0 if smiles.random() < 0.5 * warmth else smiles.exponential(2.0 / (0.1 + warmth))
    while start < end:
        hold, height = smiles.uniform(0.8, 3.5), smiles.uniform(0.45, 0.95)
        smile = np.maximum(
            smile,
            height * pulse(times, start, smiles.uniform(0.3, 0.6), hold, smiles.uniform(0.6, 1.2)),
        )
        if smiles.random() < 0.2 * warmth:
            _laugh(smiles, times, units, start + 0.2, hold)
        start += hold + 1.5 + smiles.exponential(3.0 / (0.15 + warmth))
    smile = np.clip(smile, 0.0, 1.0)
    _add(units, {"mouthSmile": 0.9, "cheekSquint": 0.55, "mouthDimple": 0.2}, smile)
    # Broad smiles narrow the eyes, and most of them show teeth.
    teeth = rng.uniform(0.0, 0.5)
    _add(units, {"eyeSquint": 0.35}, smile**2)
    _add(units, {"mouthUpperUp": teeth, "mouthLowerDown": 0.5 * teeth}, smile**2)

    names = list(_PASSING)
    shares = np.array([_PASSING[name][0] for name in names])
    for start, draw in events(rng, end, 3.5 / max(liveliness, 0.1), least=0.5):
        _, shape = _PASSING[names[int(draw.choice(len(names), p=shares / shares.sum()))]]
        size = draw.uniform(0.5, 1.1) * min(1.0, 0.5 + 0.5 * liveliness)
        curve = pulse(times, start, draw.uniform(0.15, 0.4), draw.uniform(0.2, 1.2), 0.5)
        if "mouthLeft" in shape and draw.random() < 0.5:
            shape = {"mouthRight": shape["mouthLeft"]}
        _add(units, shape, size * curve)
    brows = smooth_noise(rng, times, 0.9, 2) * 0.07 * liveliness
    _add(units, {"browInnerUp": 1.0, "browOuterUp": 0.7}, np.clip(brows[:, 0], 0.0, 1.0))
    _add(units, {"browDown": 1.0}, np.clip(brows[:, 1], 0.0, 1.0))
    return units


def random_blinks(rng: np.random.Generator, times: np.ndarray, looks: list[float]) -> np.ndarray:
    """How far the lids are closed, `[times]` in [0, 1].

    Args:
        rng: source of chance.
        times: seconds, `[times]`.
        looks: moments of large gaze shifts, which often bring a blink.
    """
    closed = np.zeros_like(times)
    opportunities = [
        (moment, draw, 1.0)
        for moment, draw in events(rng, float(times[-1]), rng.uniform(2.2, 4.5), least=0.35)
    ]
    opportunities += [(moment, draw, 0.45) for moment, draw in zip(looks, rng.spawn(len(looks)))]
    for moment, draw, share in opportunities:
        if draw.random() > share:
            continue
        depth = 1.0 if draw.random() < 0.85 else draw.uniform(0.4, 0.8)
        hold = draw.exponential(0.25) if draw.random() < 0.06 else 0.03
        closing, opening = draw.uniform(0.07, 0.1), draw.uniform(0.14, 0.22)
        closed = np.maximum(closed, depth * pulse(times, moment, closing, hold, opening))
    return closed


def combine(units: Units) -> Units:
    """Weights that can stand together on one face, clipped to [0, 1].

    Opposite movements weaken each other, and lips that an open jaw has parted cannot press: the
    sums of the face units would leave any anatomy.
    """
    zero = np.zeros_like(next(iter(units.values())))
    face = {name: np.clip(value, 0.0, 1.0) for name, value in units.items()}

    def get(name: str) -> np.ndarray:
        return face.get(name, zero)

    def weaken(names: tuple[str, ...], by: np.ndarray) -> None:
        for name in names:
            if name in face:
                face[name] = face[name] * np.clip(1.0 - by, 0.0, 1.0)

    rounded = np.maximum(get("mouthPucker"), get("mouthFunnel"))
    weaken(("mouthSmile", "mouthStretch", "mouthDimple"), 0.8 * rounded)
    weaken(("mouthFrown", "mouthShrugLower"), 1.5 * get("mouthSmile"))
    weaken(("mouthPucker", "mouthFunnel"), 0.4 * get("mouthSmile"))
    weaken(("mouthStretch",), 0.6 * get("mouthSmile"))
    parted = get("jawOpen") + 0.5 * get("mouthLowerDown") + 0.5 * get("mouthUpperUp")
    weaken(("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugUpper"), 2.0 * parted)
    weaken(("cheekPuff",), 4.0 * parted)
    weaken(("browDown",), 1.5 * np.maximum(get("browInnerUp"), get("browOuterUp")))
    weaken(("tongueOut",), 3.0 * np.clip(0.12 - get("jawOpen"), 0.0, 1.0) / 0.12)
    if "mouthClose" in face:
        # Beyond that the lips would pass through each other.
        face["mouthClose"] = np.minimum(face["mouthClose"], 0.5 * get("jawOpen"))
    closed = get("eyeBlink")
    weaken(("eyeWide", "eyeSquint", "eyeLookUp", "eyeLookDown"), closed)
    weaken(("eyeWide",), 1.5 * get("eyeSquint"))
    return face


def _laugh(
    rng: np.random.Generator, times: np.ndarray, units: Units, start: float, hold: float
) -> None:
    """Open-mouthed laughter in bursts."""
    beat = 0.5 + 0.5 * np.sin(2.0 * np.pi * rng.uniform(3.5, 5.0) * (times - start))
    curve = pulse(times, start, 0.25, min(hold, 1.5), 0.5)
    _add(units, {"jawOpen": rng.uniform(0.25, 0.45)}, curve * (0.75 + 0.25 * beat))
    _add(units, {"mouthUpperUp": 0.3, "mouthLowerDown": 0.25, "eyeSquint": 0.4}, curve)


def _add(units: Units, shape: dict[str, float], curve: np.ndarray) -> None:
    for name, weight in shape.items():
        units[name] = units.get(name, 0.0) + weight * curve
