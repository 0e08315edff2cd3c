"""What a person does: expression, gaze and posture as functions of time."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.curves import RATE
from maskanim_tf.people.expression import Units, combine, random_blinks, random_expressions
from maskanim_tf.people.posture import random_posture
from maskanim_tf.people.speech import random_speech

# Kinds of clips: share, mean pause of speech in seconds (None: silent), liveliness, largest turn.
ACTIONS = {
    "talking": (0.38, 0.5, (0.6, 1.1), 0.25),
    "lively": (0.20, 0.4, (1.1, 1.5), 0.5),
    "listening": (0.12, 4.0, (0.5, 1.0), 0.3),
    "silent": (0.08, None, (0.3, 0.8), 0.3),
    "still": (0.07, None, (0.05, 0.15), 0.0),
    "turning": (0.10, 1.0, (0.6, 1.0), 0.95),
    "profile": (0.05, 1.5, (0.5, 0.9), 1.5),
}


@dataclasses.dataclass(frozen=True)
class MotionState:
    """A moment of a motion; angles in radians, lengths in decimetres.

    Attributes:
        face: float32 `[52]` in [0, 1], weights of the face units in the order of `Body.unit_names`.
        gaze: float32 `[2]`, eyes turned to the person's left and up, relative to the head.
        head: float32 `[3]`, turn to the left, nod down, tilt to the right, relative to the chest.
        torso: float32 `[3]`, the same of the chest.
        shift: float32 `[3]`, displacement of the whole body.
        shoulders: float32 `[2]`, how far the left and the right one are raised.
    """

    face: np.ndarray
    gaze: np.ndarray
    head: np.ndarray
    torso: np.ndarray
    shift: np.ndarray
    shoulders: np.ndarray


class Motion:
    """A motion, the same for every identity. A longer one begins like a shorter one.

    Attributes:
        action: a key of `ACTIONS`.
        seconds: its length.
    """

    def __init__(self, names: list[str], rng: np.random.Generator, seconds: float) -> None:
        """Draws a motion.

        Args:
            names: of the face units, `Body.unit_names`.
            rng: consumed the same way whatever the length.
            seconds: how long it lasts, above 0.
        """
        self.seconds = seconds
        choose, speaking, feeling, sitting, blinking = rng.spawn(5)
        shares = np.array([action[0] for action in ACTIONS.values()])
        self.action = list(ACTIONS)[int(choose.choice(len(ACTIONS), p=shares / shares.sum()))]
        _, pauses, lively, turning = ACTIONS[self.action]
        liveliness = float(choose.uniform(*lively))
        warmth = float(choose.beta(1.6, 1.2))

        times = np.arange(int(np.ceil(seconds * RATE)) + 2) / RATE
        units = random_expressions(feeling, times, warmth, liveliness)
        stresses: list[float] = []
        if pauses is not None:
            speech = random_speech(speaking, times, pauses, float(choose.uniform(0.75, 1.2)))
            stresses = speech.stresses
            # Who speaks smiles less broadly.
            units = {name: value * (1.0 - 0.35 * speech.loudness) for name, value in units.items()}
            for name, value in speech.units.items():
                units[name] = units.get(name, 0.0) + value
        posture, looks = random_posture(
            sitting, times, liveliness=liveliness, turning=turning, stresses=stresses
        )
        units["eyeBlink"] = random_blinks(blinking, times, looks)
        gaze = posture["gaze"]  # Lids go with the eyes.
        units["eyeLookDown"] = np.clip(-gaze[:, 1] / 0.4, 0.0, 1.0)
        units["eyeLookUp"] = np.clip(gaze[:, 1] / 0.4, 0.0, 1.0)
        face = _two_sided(combine(units), names, choose.normal(0.0, 0.10, len(names)))
        self._tables = {
            name: table.astype(np.float32) for name, table in {"face": face, **posture}.items()
        }

    def at(self, seconds: float) -> MotionState:
        """The state at a moment.

        Raises:
            ValueError: if it is outside of the motion.
        """
        if not 0.0 <= seconds <= self.seconds:
            raise ValueError(f"seconds must be between 0 and {self.seconds}, got {seconds}")
        place = seconds * RATE
        first = int(place)
        share = np.float32(place - first)
        return MotionState(
            **{
                name: table[first] + share * (table[first + 1] - table[first])
                for name, table in self._tables.items()
            }
        )


def _two_sided(units: Units, names: list[str], asymmetry: np.ndarray) -> np.ndarray:
    """Table `[times, units]`; both sides of a face do the same, one of them a little more."""
    columns = []
    for name, more in zip(names, asymmetry):
        whole = name
        for side in ("Left", "Right"):
            if name.endswith(side) and name not in units:
                whole = name[: -len(side)]
        value = units.get(whole, np.zeros(len(next(iter(units.values())))))
        # Lids close together.
        factor = 1.0 if whole == name or whole == "eyeBlink" else 1.0 + more
        columns.append(np.clip(value * factor, 0.0, 1.0))
    return np.stack(columns, axis=1)
