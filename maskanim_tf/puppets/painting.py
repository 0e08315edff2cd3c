"""Painting: one frame of a scene, with the figure's mask and which joints can be seen."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.puppets.figure import MARKER_RADIUS, Part
from maskanim_tf.puppets.puppet_scene import Scene
from maskanim_tf.puppets.shading import Light, paint_shape
from maskanim_tf.puppets.skeleton import JOINT_NAMES

_VISIBLE_SHARE = 0.6
# Markers hardly take part in the shading, so that their colours stay alike.
_MARKER_LIGHT = Light(np.array([0.0, -0.6, 0.8], np.float32), 0.85)


def paint_frame(scene: Scene, frame: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frame uint8 `[size, size, 3]`, mask uint8 `[size, size]` and visibility bool `[joints]`."""
    side = len(scene.background)
    points = {name: values[frame] for name, values in scene.points.items()}
    canvas = np.zeros((side, side, 4), np.float32)
    canvas[..., :3] = scene.background
    owner = np.full((side, side), -1, np.int8)
    _paint_shadow(canvas, scene, points)
    scale = scene.scale * side
    # From the side a body is about 0.7 times as wide as from the front.
    squeeze = float(np.sqrt(0.5 + 0.5 * points["across"][0] ** 2))
    for identity, part in _painting_order(scene.figure.parts, points):
        ends = side * scene.project(np.stack([points[part.start], points[part.end]]))
        light = _MARKER_LIGHT if part.joint >= 0 else scene.light
        factor = squeeze if part.squeezed else 1.0
        paint_shape(canvas, owner, identity, part.shape, ends, scale, light, factor)
    small = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    mask = np.where(small[..., 3] > 0.5, 255, 0).astype(np.uint8)
    visible = np.zeros(len(JOINT_NAMES), bool)
    for identity, part in enumerate(scene.figure.parts):
        if part.joint >= 0:
            center = side * scene.project(points[part.start])
            visible[part.joint] = _share(owner, identity, center, scale) >= _VISIBLE_SHARE
    return expose(small[..., :3], scene.exposure), mask, visible


def _painting_order(
    parts: tuple[Part, ...], points: dict[str, np.ndarray]
) -> list[tuple[int, Part]]:
    """Parts with their identities, farthest first; a marker lies on top of the parts it joins."""
    depths = [0.5 * (points[p.start][2] + points[p.end][2]) + p.nearer for p in parts]
    for identity, part in enumerate(parts):
        if part.joint >= 0:
            touching = [
                depth
                for depth, other in zip(depths, parts)
                if other.joint < 0 and part.start in (other.start, other.end)
            ]
            depths[identity] = max([*touching, depths[identity]]) + 0.001
    order = np.argsort(depths, kind="stable")
    return [(int(identity), parts[identity]) for identity in order]


def _share(owner: np.ndarray, identity: int, center: np.ndarray, scale: float) -> float:
    """Share of the inner part of a marker that nothing covers."""
    radius = 0.75 * MARKER_RADIUS * scale
    x0, y0 = np.maximum(np.floor(center - radius), 0).astype(int)
    x1, y1 = np.ceil(center + radius).astype(int)
    dx = np.arange(x0, x1) + 0.5 - center[0]
    dy = np.arange(y0, y1) + 0.5 - center[1]
    inside = dx[None, :] ** 2 + dy[:, None] ** 2 <= radius**2
    return float(np.mean(owner[y0:y1, x0:x1][inside] == identity))


def _paint_shadow(canvas: np.ndarray, scene: Scene, points: dict[str, np.ndarray]) -> None:
    """Darkens the ground below the feet and the pelvis, in place."""
    side = len(canvas)
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    for name, width, strength in (
        ("pelvis", 0.16, 0.3),
        ("left_foot", 0.07, 0.4),
        ("right_foot", 0.07, 0.4),
    ):
        x, y, z = points[name]
        lamp = scene.light.direction[0]
        spot = np.array([x - 0.1 * lamp * y, 0.0, z + 0.02])
        cx, cy = scene.project(spot)
        lifted = max(y - 0.03, 0.0) if name != "pelvis" else 0.0
        rx = scene.scale * width * (1.0 + 2.0 * lifted)
        first = np.searchsorted(centers, cy - rx)
        last = np.searchsorted(centers, cy + rx)
        rows = np.exp(-(((centers[first:last] - cy) / (0.3 * rx)) ** 2))
        columns = np.exp(-(((centers - cx) / rx) ** 2))
        dark = strength / (1.0 + 8.0 * lifted) * rows[:, None] * columns[None, :]
        canvas[first:last, :, :3] *= (1.0 - dark)[..., None].astype(np.float32)


def expose(picture: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """R'G'B' float `[..., 3]` to uint8 under the scene's brightness and colour temperature."""
    return np.clip(picture * (255.0 * exposure) + 0.5, 0.0, 255.0).astype(np.uint8)
