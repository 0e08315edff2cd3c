"""Figures: who a puppet is, as a list of body parts in clothes."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.puppets.palette import color_from_chroma, joint_colors, muted_color
from maskanim_tf.puppets.shading import PATTERNS, Fabric, Shape
from maskanim_tf.puppets.skeleton import JOINT_NAMES, Proportions, random_proportions

MARKER_RADIUS = 0.04

# Luma of skin from deep brown to pale, and of varnished wood.
_SKIN_LUMA = (0.3, 0.85)
# Half-widths of a head from crown to chin, in head radii.
_SKULL = (0.42, 0.74, 0.88, 0.93, 0.9, 0.78, 0.48)
_HAIR_STYLES = ("short", "long", "bun", "bald")
_HATS = ("none", "none", "beanie", "brim", "cone")
_BOTTOMS = ("trousers", "trousers", "shorts", "skirt")
_SLEEVES = ((0.0, 0.0), (0.75, 0.0), (1.0, 0.85), (1.0, 0.85))


@dataclasses.dataclass(frozen=True)
class Part:
    """A limb between two points of the skeleton.

    Attributes:
        start: name of the point where its axis starts.
        end: name of the point where its axis ends.
        shape: what it looks like.
        nearer: added to its depth, in body heights, to order parts that touch; larger is drawn
            later.
        squeezed: whether it gets narrower when the body is seen from the side.
        joint: index of the joint it marks, or -1.
    """

    start: str
    end: str
    shape: Shape
    nearer: float = 0.0
    squeezed: bool = False
    joint: int = -1


@dataclasses.dataclass(frozen=True)
class Figure:
    """A person: body and parts in no particular order."""

    body: Proportions
    parts: tuple[Part, ...]


def random_figure(rng: np.random.Generator) -> Figure:
    """Draws a person: proportions, skin, hair, hat and clothes."""
    body = random_proportions(rng)
    skin = _plain(
        color_from_chroma(
            rng.uniform(*_SKIN_LUMA), rng.uniform(122.0, 135.0), rng.uniform(0.07, 0.12)
        )
    )
    hair = _plain(muted_color(rng, (0.08, 0.6), (110.0, 150.0), (0.01, 0.1)))
    shirt, bottom = _cloth(rng, (0.25, 0.85)), _cloth(rng, (0.15, 0.7))
    shoe = _plain(muted_color(rng, (0.12, 0.45)))
    sleeves = _SLEEVES[rng.integers(len(_SLEEVES))]
    parts = [
        *_head(body, skin, hair, rng),
        *_trunk(body, shirt, bottom, skin, skirt=(style := str(rng.choice(_BOTTOMS))) == "skirt"),
    ]
    covers = {"trousers": (1.0, 0.9), "shorts": (0.8, 0.0), "skirt": (0.0, 0.0)}[style]
    for side in ("left", "right"):
        parts += _arm(side, body, shirt, skin, sleeves)
        parts += _leg(side, body, bottom, skin, shoe, covers)
    return Figure(body, (*parts, *_markers()))


def _plain(color: np.ndarray) -> Fabric:
    return Fabric(color, color)


def _cloth(rng: np.random.Generator, luma: tuple[float, float]) -> Fabric:
    base = muted_color(rng, luma)
    # The pattern's colour keeps away from the base in luma, so that it shows at 64 pixels.
    light = float(base @ np.array([0.299, 0.587, 0.114]))
    second = muted_color(
        rng, (light + 0.3, light + 0.4) if light < 0.5 else (light - 0.4, light - 0.3)
    )
    return Fabric(base, second, str(rng.choice(PATTERNS)), rng.uniform(0.06, 0.095))


def _head(body: Proportions, skin: Fabric, hair: Fabric, rng: np.random.Generator) -> list[Part]:
    r = body.head
    hat_color = _plain(muted_color(rng, (0.2, 0.8), strength=(0.06, 0.13)))
    dark = _plain(np.array([0.08, 0.07, 0.07], np.float32))
    style, hat = str(rng.choice(_HAIR_STYLES)), str(rng.choice(_HATS))
    fringe = 0.0 if style == "bald" else rng.uniform(0.2, 0.34)
    parts = [
        Part("chin", "neck", Shape(skin, (0.033,)), -0.02),
        Part(
            "crown",
            "chin",
            Shape(hair, tuple(r * w for w in _SKULL), fringe, skin, 3.5, 2.0 * r),
            0.02,
        ),
        Part("left_eye", "left_eye", Shape(dark, (0.12 * r,))),
        Part("right_eye", "right_eye", Shape(dark, (0.12 * r,))),
        Part("mouth", "mouth", Shape(dark, (0.27 * r,), flatness=3.5)),
    ]
    if style == "long":
        parts.append(
            Part("crown", "neck", Shape(hair, (0.6 * r, 1.05 * r, 1.1 * r, 1.0 * r)), -0.1)
        )
    if style == "bun" and hat == "none":
        parts.append(Part("crown", "crown", Shape(hair, (0.38 * r,)), 0.01))
    if hat != "none":
        parts += _hat(hat, hat_color, r)
    return parts


def _hat(kind: str, fabric: Fabric, r: float) -> list[Part]:
    band = Shape(fabric, (0.95 * r,), flatness=4.5)
    if kind == "beanie":
        return [Part("brow", "crown", Shape(fabric, (0.93 * r, 0.55 * r), flatness=3.0), 0.03)]
    if kind == "brim":
        crown = Shape(fabric, (0.7 * r, 0.62 * r), flatness=6.0)
        brim = dataclasses.replace(band, profile=(1.35 * r,), flatness=8.0)
        return [Part("brow", "peak", crown, 0.03), Part("brow", "brow", brim, 0.04)]
    return [Part("brow", "peak", Shape(fabric, (0.75 * r, 0.12 * r), flatness=6.0), 0.03)]


def _trunk(
    body: Proportions, shirt: Fabric, bottom: Fabric, skin: Fabric, *, skirt: bool
) -> list[Part]:
    waist, seat = body.belly, body.hips + 0.8 * body.leg_width
    profile = (
        0.8 * body.shoulders,
        0.98 * body.shoulders,
        0.5 * (body.shoulders + waist),
        waist,
        seat,
    )
    parts = [
        Part("neck", "pelvis", Shape(shirt, profile, 1.0, skin, 5.0, body.torso), squeezed=True),
        Part("left_hip", "right_hip", Shape(bottom, (1.05 * body.leg_width,)), -0.03),
    ]
    if skirt:
        hem = Shape(bottom, (0.95 * seat, 1.3 * seat, 1.75 * seat), flatness=6.0, length=0.2)
        parts.append(Part("pelvis", "hem", hem, -0.01, squeezed=True))
    return parts


def _arm(
    side: str, body: Proportions, shirt: Fabric, skin: Fabric, sleeves: tuple[float, float]
) -> list[Part]:
    w = body.arm_width
    upper = Shape(shirt, (1.12 * w, w), sleeves[0], skin, length=body.upper_arm)
    lower = Shape(shirt, (w, 0.8 * w), sleeves[1], skin, length=body.forearm)
    return [
        Part(f"{side}_shoulder", f"{side}_elbow", upper, 0.05),
        Part(f"{side}_elbow", f"{side}_hand", lower, 0.055),
        Part(f"{side}_hand", f"{side}_palm", Shape(skin, (0.85 * w, 1.0 * w)), 0.06),
    ]


def _leg(
    side: str,
    body: Proportions,
    bottom: Fabric,
    skin: Fabric,
    shoe: Fabric,
    covers: tuple[float, float],
) -> list[Part]:
    w = body.leg_width
    upper = Shape(bottom, (1.12 * w, 0.92 * w), covers[0], skin, length=body.thigh)
    lower = Shape(bottom, (0.92 * w, 0.7 * w), covers[1], skin, length=body.shin)
    return [
        # Bare thighs are under a skirt, whichever leg is in front.
        Part(f"{side}_hip", f"{side}_knee", upper, -0.06 if covers[0] else -0.2),
        Part(f"{side}_knee", f"{side}_foot", lower, -0.05),
        Part(f"{side}_foot", f"{side}_toe", Shape(shoe, (0.85 * w, 0.75 * w)), -0.045),
    ]


def _markers() -> list[Part]:
    return [
        Part(name, name, Shape(_plain(color), (MARKER_RADIUS,)), joint=index)
        for index, (name, color) in enumerate(zip(JOINT_NAMES, joint_colors()))
    ]
