"""Scenes: a figure, its motion, a background and a light, laid out to stay in the frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from maskanim_tf.puppets.actions import CYCLES_PER_PERIOD, random_motion
from maskanim_tf.puppets.backdrop import random_background
from maskanim_tf.puppets.figure import Figure
from maskanim_tf.puppets.posing import pose_skeleton
from maskanim_tf.puppets.shading import Light
from maskanim_tf.puppets.skeleton import JOINT_NAMES

# The camera looks down a little: what is nearer by one unit appears this much lower.
_TILT = 0.15


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a clip shows; lengths in shares of the frame's side.

    Attributes:
        figure: who.
        action: name of what the figure does.
        points: the skeleton in body space, `[frames, 3]` each, see `pose_skeleton`.
        scale: length of one body height.
        origin: where the origin of body space, on the floor, appears, `[2]`.
        background: R'G'B' float32 `[canvas, canvas, 3]` in [0, 1].
        light: the lamp that shades the figure.
        exposure: factors on R', G' and B', `[3]`.
    """

    figure: Figure
    action: str
    points: dict[str, np.ndarray]
    scale: float
    origin: np.ndarray
    background: np.ndarray
    light: Light
    exposure: np.ndarray

    def project(self, points: np.ndarray) -> np.ndarray:
        """Body space `[..., 3]` to shares of the frame `[..., 2]`, (x, y) with y down."""
        return self.origin + self.scale * _flatten(points)


def random_scene(
    rng: np.random.Generator,
    figures: Sequence[Figure],
    canvas: int,
    times: np.ndarray,
    plain: bool = False,
    surroundings: np.random.Generator | None = None,
) -> Scene:
    """Draws a scene for a figure.

    Args:
        rng: of motion and camera; consumed the same way whatever `canvas` and `times` are.
        figures: who is in it, and then who else makes the same motion before the same camera, which
            leaves room for all of them.
        canvas: height and width of the background in pixels.
        times: seconds since the start of the clip, `[frames]`.
        plain: whether the background is plain.
        surroundings: of light and background; `rng` by default.
    """
    motion_rng, layout_rng, background_rng = rng.spawn(3)
    motion = random_motion(motion_rng)
    # The layout leaves room for the whole period, so it does not depend on which frames are asked
    # for.
    cycles = np.linspace(0.0, CYCLES_PER_PERIOD, 128)
    reached = [
        _reach(pose_skeleton(motion.channels(cycles), each.body, motion.heading), each.body.head)
        for each in figures
    ]
    low = np.min([first for first, _ in reached], axis=0)
    high = np.max([last for _, last in reached], axis=0)
    wanted, place, ground = (layout_rng.uniform(*span) for span in ((0.76, 0.9), (0, 1), (0, 1)))
    scale, origin = _fit(low, high, wanted, place, ground)
    if surroundings is not None:
        layout_rng, background_rng = surroundings.spawn(2)
    figure = figures[0]
    horizon = float(origin[1]) - layout_rng.uniform(0.06, 0.2)
    angle = layout_rng.uniform(-0.9, 0.9)
    direction = np.array([np.sin(angle), -0.55, 0.75], np.float32)
    brightness, warmth = layout_rng.uniform(0.95, 1.2), layout_rng.uniform(-0.03, 0.03)
    return Scene(
        figure=figure,
        action=motion.action,
        points=pose_skeleton(
            motion.channels(motion.start + times * motion.tempo), figure.body, motion.heading
        ),
        scale=scale,
        origin=origin,
        background=random_background(background_rng, canvas, horizon, plain),
        light=Light(direction / np.linalg.norm(direction), layout_rng.uniform(0.6, 0.75)),
        exposure=(brightness * np.array([1.0 + warmth, 1.0, 1.0 - warmth])).astype(np.float32),
    )


def _reach(points: dict[str, np.ndarray], head: float) -> tuple[np.ndarray, np.ndarray]:
    """The corners `[2]` of the picture plane that a moving figure takes, in body heights.

    Args:
        points: of the skeleton over the whole period.
        head: radius of the head in body heights, the widest thing around any point.
    """
    reached = np.concatenate([_flatten(points[name]) for name in (*JOINT_NAMES, "skull")])
    return reached.min(axis=0) - 1.15 * head, reached.max(axis=0) + 0.8 * head


def _fit(
    low: np.ndarray, high: np.ndarray, wanted: float, place: float, ground: float
) -> tuple[float, np.ndarray]:
    """Scale and origin that keep what moves between two corners inside the frame.

    Args:
        low: left and upper end, in body heights.
        high: right and lower end.
        wanted: body height as a share of the frame, made smaller where the motion needs room.
        place: where in the free space to the sides, from 0 (left) to 1 (right).
        ground: where in the free space above and below, from 0 (up) to 1 (down).
    """
    scale = min(wanted, float(np.min(0.97 / (high - low))))
    free = 1.0 - scale * (high - low)
    return scale, free * np.array([place, 0.4 + 0.5 * ground]) - scale * low


def _flatten(points: np.ndarray) -> np.ndarray:
    """Body space `[..., 3]` to the picture plane `[..., 2]`, y down, still in body heights."""
    return np.stack([points[..., 0], _TILT * points[..., 2] - points[..., 1]], axis=-1)
