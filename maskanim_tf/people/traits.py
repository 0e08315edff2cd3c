"""What a person looks like apart from shape: the choices, before anything is painted."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.shape import Shape

# Linear reflectances of skin from very fair to very dark.
_SKIN = np.log(
    [
        (0.78, 0.50, 0.375),
        (0.70, 0.42, 0.295),
        (0.58, 0.325, 0.210),
        (0.44, 0.220, 0.125),
        (0.27, 0.120, 0.063),
        (0.145, 0.061, 0.034),
        (0.072, 0.031, 0.019),
    ]
)
# Linear reflectances of hair: black, dark brown, brown, light brown, dark blond, blond, light
# blond, auburn, red, grey, white.
HAIR_COLORS = np.array(
    [
        (0.010, 0.009, 0.009),
        (0.022, 0.014, 0.010),
        (0.055, 0.030, 0.017),
        (0.110, 0.062, 0.033),
        (0.190, 0.118, 0.060),
        (0.330, 0.220, 0.110),
        (0.500, 0.380, 0.220),
        (0.110, 0.032, 0.015),
        (0.240, 0.080, 0.025),
        (0.230, 0.220, 0.210),
        (0.580, 0.560, 0.530),
    ]
)
_FAIR_SHARES = (0.10, 0.17, 0.19, 0.13, 0.11, 0.10, 0.05, 0.05, 0.04, 0.04, 0.02)
_MIDDLE_SHARES = (0.38, 0.30, 0.14, 0.05, 0.02, 0.02, 0.01, 0.04, 0.0, 0.03, 0.01)
_DARK_SHARES = (0.66, 0.22, 0.03, 0.01, 0.0, 0.01, 0.01, 0.02, 0.0, 0.03, 0.01)
_IRISES = np.array(
    [
        (0.035, 0.018, 0.010),
        (0.075, 0.036, 0.016),
        (0.120, 0.070, 0.030),
        (0.110, 0.110, 0.045),
        (0.100, 0.170, 0.240),
        (0.170, 0.220, 0.240),
        (0.080, 0.150, 0.100),
    ]
)
_FAIR_IRISES = (0.08, 0.22, 0.14, 0.14, 0.22, 0.12, 0.08)
_DARK_IRISES = (0.60, 0.32, 0.08, 0.0, 0.0, 0.0, 0.0)
WOMEN_STYLES = (
    *("long", "long", "waves", "bob", "fringe", "medium", "curls", "afro", "bun", "ponytail"),
    *("short", "pixie", "scarf", "hat", "braids"),
)
MEN_STYLES = (
    *("short", "short", "crop", "side", "back", "quiff", "curls", "afro", "buzz", "buzz"),
    *("bald", "receding", "receding", "medium", "long", "cap", "bun"),
)
BEARDS = ("none", "stubble", "short", "full", "goatee", "moustache")


@dataclasses.dataclass(frozen=True)
class Traits:
    """Colours are linear reflectances `[3]`; other numbers run from 0 (none) to 1 (strong).

    Attributes:
        darkness: of the skin, 0 very fair to 1 very dark.
        skin, lips, hair, hair_tips, brows, iris: colours.
        grey: share of grey hair.
        blush, oil, freckles, wrinkles, mottling, stubble: of the skin.
        beard: one of `BEARDS`.
        style: of the hair.
        lipstick, eye_shadow, eyeliner: make-up; the second has the colour `shadow`.
        iris_size, pupil_size: half angles seen from the middle of the eyeball, radians.
        glasses, earrings: whether they are worn.
    """

    darkness: float
    skin: np.ndarray
    lips: np.ndarray
    hair: np.ndarray
    hair_tips: np.ndarray
    brows: np.ndarray
    iris: np.ndarray
    shadow: np.ndarray
    grey: float
    blush: float
    oil: float
    freckles: float
    wrinkles: float
    mottling: float
    stubble: float
    beard: str
    style: str
    lipstick: float
    eye_shadow: float
    eyeliner: float
    iris_size: float
    pupil_size: float
    glasses: bool
    earrings: bool


def draw_traits(shape: Shape, rng: np.random.Generator) -> Traits:
    """Draws the traits of a person with this shape."""
    old, african = shape.old, shape.build.ancestry[0]
    fairness = rng.beta(1.3, 1.5) * 0.72
    darkness = float(np.clip(fairness * (1 - african) + african * rng.uniform(0.45, 1.0), 0, 1))
    skin = _skin_color(darkness, rng)
    hair, grey, brows = _hair_colors(darkness, old, skin, rng)
    tips = np.clip(hair * rng.uniform(1.0, 1.7) + rng.uniform(0, 0.02), 0, 0.8)
    lips = skin * np.array([0.92, 0.60, 0.60]) * rng.uniform(0.8, 1.05)
    grown = shape.build.age > 0.42
    made_up = shape.female and grown
    lipstick = float(rng.uniform(0.25, 0.85)) if made_up and rng.random() < 0.4 else 0.0
    paint = np.array([rng.uniform(0.22, 0.62), rng.uniform(0.03, 0.17), rng.uniform(0.05, 0.2)])
    lips = lips * (1 - lipstick) + paint * lipstick
    beard = "none"
    stubble = 0.0
    if not shape.female and grown:
        beard = str(rng.choice(BEARDS, p=(0.36, 0.26, 0.13, 0.11, 0.07, 0.07)))
        low, high = {"none": (0.05, 0.25), "stubble": (0.3, 0.65)}.get(beard, (0.85, 1.15))
        stubble = float(rng.uniform(low, high))
    styles = WOMEN_STYLES if shape.female else MEN_STYLES
    shares = _FAIR_IRISES if darkness < 0.42 else _DARK_IRISES
    return Traits(
        darkness=darkness,
        skin=skin,
        lips=lips,
        hair=hair,
        hair_tips=tips,
        brows=brows,
        iris=_IRISES[rng.choice(len(_IRISES), p=shares)] * np.exp(rng.normal(0, 0.12, 3)),
        shadow=rng.uniform(0.05, 0.6, 3),
        grey=grey,
        blush=float(rng.uniform(0.2, 0.9) * (1 - 0.5 * darkness)),
        oil=float(rng.beta(1.6, 2.2)),
        freckles=float((rng.random() < 0.18) * rng.uniform(0.3, 1.0) * (darkness < 0.45)),
        wrinkles=float(np.clip(old * rng.uniform(0.6, 1.1) + rng.uniform(0, 0.12) * grown, 0, 1)),
        mottling=float(rng.uniform(0.4, 1.0)),
        stubble=stubble,
        beard=beard,
        style=str(rng.choice(styles)),
        lipstick=lipstick,
        eye_shadow=float(rng.uniform(0.06, 0.28)) if made_up and rng.random() < 0.4 else 0.0,
        eyeliner=float(rng.uniform(0.3, 1.0)) if made_up and rng.random() < 0.5 else 0.0,
        iris_size=float(rng.uniform(0.46, 0.53)),
        pupil_size=float(rng.uniform(0.14, 0.24)),
        glasses=bool(rng.random() < 0.17),
        earrings=bool(rng.random() < (0.4 if made_up else 0.05)),
    )


def _skin_color(darkness: float, rng: np.random.Generator) -> np.ndarray:
    place = darkness * (len(_SKIN) - 1)
    color = [np.interp(place, np.arange(len(_SKIN)), _SKIN[:, channel]) for channel in range(3)]
    undertone = rng.normal(0, 0.05) * np.array([0.3, -0.4, -1.0])  # yellow to blue
    ruddy = rng.normal(0, 0.05) * np.array([0.2, -1.0, -0.7])  # olive to red
    return np.exp(np.array(color) + undertone + ruddy + rng.normal(0, 0.03))


def _hair_colors(
    darkness: float, old: float, skin: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, float, np.ndarray]:
    shares = _FAIR_SHARES if darkness < 0.25 else _MIDDLE_SHARES
    shares = _DARK_SHARES if darkness > 0.6 else shares
    natural = HAIR_COLORS[rng.choice(len(HAIR_COLORS), p=shares)]
    natural = natural * np.exp(rng.normal(0, 0.12, 3) * 0.5 + rng.normal(0, 0.15))
    grey = float(np.clip(old * rng.uniform(0.3, 1.6), 0, 1)) if rng.random() < 0.8 else 0.0
    white = HAIR_COLORS[10] * rng.uniform(0.6, 1.0)
    hair = natural * (1 - grey) + white * grey
    brows = natural * (1 - 0.6 * grey) + white * 0.6 * grey
    # Fair brows are never as light as the hair, and never darker than the skin allows.
    brows = np.minimum(brows * 0.6 + 0.002, skin * 0.5)
    if rng.random() < 0.05:  # dyed
        hair = rng.uniform(0.02, 0.45, 3)
    return hair, grey, brows
