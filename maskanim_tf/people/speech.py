"""Speech as a mouth shows it: phrases of words of syllables, and the visemes that they are made of.

Neighbouring visemes blend by dominance: each pulls the mouth towards its own shape for a while
around its moment, the stronger ones more (Cohen and Massaro, 1993), so that a vowel rounds the
consonant before it while a p still closes the lips.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.curves import ease


@dataclasses.dataclass(frozen=True)
class Viseme:
    """A shape of the mouth.

    Attributes:
        units: weights of face units; those with sides go without `Left` and `Right`.
        strength: how much it dominates its neighbours.
        reach: seconds over which it does.
    """

    units: dict[str, float]
    strength: float
    reach: float


VOWELS = {
    "a": Viseme({"jawOpen": 0.50, "mouthLowerDown": 0.25, "mouthUpperUp": 0.12}, 1.0, 0.075),
    "e": Viseme({"jawOpen": 0.30, "mouthStretch": 0.22, "mouthLowerDown": 0.28}, 0.9, 0.07),
    "i": Viseme({"jawOpen": 0.13, "mouthStretch": 0.30, "mouthSmile": 0.20}, 0.9, 0.07),
    "o": Viseme({"jawOpen": 0.33, "mouthFunnel": 0.50, "mouthPucker": 0.12}, 1.1, 0.08),
    "u": Viseme({"jawOpen": 0.12, "mouthPucker": 0.55, "mouthFunnel": 0.28}, 1.2, 0.08),
    "schwa": Viseme({"jawOpen": 0.22, "mouthLowerDown": 0.12}, 0.6, 0.05),
}
CONSONANTS = {
    "p": Viseme({"mouthPress": 0.35, "mouthRollLower": 0.22, "mouthRollUpper": 0.15}, 4.0, 0.035),
    "f": Viseme({"jawOpen": 0.06, "mouthRollLower": 0.38, "mouthUpperUp": 0.22}, 2.5, 0.04),
    "th": Viseme({"jawOpen": 0.16, "tongueOut": 0.10, "mouthLowerDown": 0.15}, 1.2, 0.04),
    "t": Viseme({"jawOpen": 0.12, "mouthLowerDown": 0.18}, 1.0, 0.04),
    "s": Viseme({"jawOpen": 0.05, "mouthStretch": 0.2, "mouthLowerDown": 0.28}, 1.3, 0.045),
    "sh": Viseme({"jawOpen": 0.09, "mouthFunnel": 0.45, "mouthUpperUp": 0.12}, 1.6, 0.05),
    "k": Viseme({"jawOpen": 0.20}, 0.6, 0.04),
    "r": Viseme({"jawOpen": 0.13, "mouthPucker": 0.32, "mouthFunnel": 0.15}, 0.9, 0.05),
}
# Shares of English speech, roughly; k stands for sounds at the back of the mouth, t for n, d and l.
_VOWEL_SHARES = (0.20, 0.20, 0.20, 0.13, 0.09, 0.18)
_CONSONANT_SHARES = (0.14, 0.08, 0.06, 0.34, 0.13, 0.05, 0.12, 0.08)


@dataclasses.dataclass(frozen=True)
class Speech:
    """What is spoken.

    Attributes:
        units: weights of face units over time, `[times]` each, named as in `Viseme`.
        loudness: `[times]`, 0 in pauses to 1.
        stresses: moments of the stressed syllables in seconds.
    """

    units: dict[str, np.ndarray]
    loudness: np.ndarray
    stresses: list[float]


def random_speech(
    rng: np.random.Generator, times: np.ndarray, pauses: float, liveliness: float
) -> Speech:
    """Speaks until the end of `times`.

    Args:
        rng: source of chance.
        times: seconds, `[times]`, evenly spaced.
        pauses: mean length of the pauses between phrases in seconds.
        liveliness: scale of the movements, about 1.
    """
    spoken: list[tuple[Viseme, float, float]] = []
    loudness = np.zeros_like(times)
    stresses: list[float] = []
    rate = rng.uniform(3.8, 5.8)
    now = 0.0 if rng.random() < 0.6 else rng.exponential(pauses)
    while now < times[-1]:
        start, end = now, now + rng.uniform(0.7, 3.2)
        energy = liveliness * rng.uniform(0.75, 1.2)
        while now < end:
            stressed = int(rng.integers(4))
            for syllable in range(1 + int(rng.choice(4, p=(0.45, 0.33, 0.15, 0.07)))):
                stress = 1.0 if syllable == stressed else rng.uniform(0.55, 0.85)
                # A phrase slows down towards its end.
                length = (0.8 + 0.4 * stress) / rate * (1.25 if now > end - 0.3 else 1.0)
                spoken += _syllable(rng, now, length, stress * energy)
                if stress == 1.0:
                    stresses.append(now + 0.5 * length)
                now += length
        swell = ease((times - start) / 0.12) * ease((now + 0.08 - times) / 0.15)
        loudness = np.maximum(loudness, swell * min(energy, 1.0))
        now += 0.15 + rng.exponential(pauses)
    units = {name: loudness * value for name, value in sound_out(times, spoken).items()}
    return Speech(units, loudness, stresses)


def _syllable(
    rng: np.random.Generator, start: float, length: float, size: float
) -> list[tuple[Viseme, float, float]]:
    """Visemes of consonants and a vowel, each with its moment and its size."""
    consonants = list(CONSONANTS.values())
    vowel = list(VOWELS.values())[int(rng.choice(len(VOWELS), p=_VOWEL_SHARES))]
    first, last = rng.choice(len(consonants), 2, p=_CONSONANT_SHARES)
    syllable = [(vowel, start + 0.52 * length, size * rng.uniform(0.8, 1.15))]
    if rng.random() < 0.88:
        syllable.append((consonants[first], start + 0.08 * length, 1.0))
    if rng.random() < 0.45:
        syllable.append((consonants[last], start + 0.90 * length, 1.0))
    return syllable


def sound_out(
    times: np.ndarray, spoken: list[tuple[Viseme, float, float]]
) -> dict[str, np.ndarray]:
    """Means of the visemes' weights, weighted by how much each dominates at a time.

    Args:
        times: seconds, `[times]`, evenly spaced.
        spoken: visemes, each with its moment in seconds and a scale of its weights.
    """
    every = (*VOWELS.values(), *CONSONANTS.values())
    sums = {name: np.zeros(len(times)) for each in every for name in each.units}
    total = np.full(len(times), 0.03)
    for viseme, moment, size in spoken:
        first = int(np.searchsorted(times, moment - 0.4))
        near = slice(first, int(np.searchsorted(times, moment + 0.4)))
        dominance = viseme.strength * np.exp(
            -(np.abs((times[near] - moment) / viseme.reach) ** 1.6)
        )
        total[near] += dominance
        for name, weight in viseme.units.items():
            sums[name][near] += dominance * weight * size
    return {name: value / total for name, value in sums.items()}
