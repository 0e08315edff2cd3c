"""Glasses and earrings."""

from __future__ import annotations

import dataclasses

import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.labels import BACKGROUND, WORN
from maskanim_tf.people.pieces import LENS, Piece
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.solids import joined, plain_paint, surface, tube


def make_glasses(body: Body, shape: Shape, rng: np.random.Generator) -> list[Piece]:
    """A frame with two lenses, fitted to eyes and ears."""
    positions = shape.positions
    eye = positions[body.eye_vertices["left"]]
    x, y = eye[:, 0].mean() + 0.015, eye[:, 1].mean() - 0.04
    depth = eye[:, 2].max() + rng.uniform(0.13, 0.19)
    width, height = rng.uniform(0.20, 0.255), rng.uniform(0.14, 0.215)
    square, thick = rng.uniform(2.0, 4.0), rng.uniform(0.009, 0.024)
    ear = np.abs(positions[body.ear > 0.5, 0]).max() - 0.06
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)

    def rounded(value: np.ndarray) -> np.ndarray:
        return np.sign(value) * np.abs(value) ** (2 / square)

    def bent(across: np.ndarray) -> np.ndarray:
        return depth - 0.22 * np.clip(np.abs(across) - 0.18, 0, 1) ** 1.4

    parts, lenses = [], []
    for side in (-1.0, 1.0):
        across = side * x + width * rounded(np.cos(angle))
        rim = np.stack([across, y + height * rounded(np.sin(angle)), bent(across)], axis=1)
        parts.append(tube(rim, thick, 6, closed=True))
        middle = np.array([[side * x, y, float(bent(np.array(x)))]])
        fan = np.stack([np.zeros(28), 1 + np.arange(28), 1 + (np.arange(28) + 1) % 28], axis=1)
        lenses.append((np.concatenate([middle, rim]), fan.astype(int)))
        hinge = x + width
        arm = [
            (side * hinge, y + 0.07, float(bent(np.array(hinge)))),
            (side * (hinge + 0.07), y + 0.08, depth - 0.2),
            (side * ear, y + 0.06, 0.75),
            (side * ear, y + 0.02, 0.25),
        ]
        parts.append(tube(np.array(arm), thick * 0.9, 6))
    bridge = [
        (-x + width, y + 0.05, depth),
        (0, y + 0.08, depth + 0.03),
        (x - width, y + 0.05, depth),
    ]
    parts.append(tube(np.array(bridge), thick * 0.9, 6))
    color = rng.choice([0.01, 0.02, 0.3]) * np.ones(3)
    if rng.random() < 0.4:
        color = rng.uniform(0.01, 0.3, 3)
    frame = surface(*joined(parts), plain_paint(color, 0.75), WORN, 1.0)
    glass = surface(*joined(lenses), None, BACKGROUND, 1.0)
    return [frame, dataclasses.replace(glass, kind=LENS, shadow=False)]


def make_earrings(body: Body, shape: Shape, rng: np.random.Generator) -> list[Piece]:
    """Studs, drops or hoops at both lobes."""
    color = np.array([(0.75, 0.52, 0.22), (0.7, 0.7, 0.7), (0.6, 0.05, 0.08)][rng.integers(3)])
    kind, size = str(rng.choice(("stud", "drop", "hoop"))), rng.uniform(0.06, 0.15)
    angle, parts = np.linspace(0, 2 * np.pi, 20, endpoint=False), []
    for side in (-1.0, 1.0):
        ear = np.flatnonzero((body.ear > 0.5) & (np.sign(body.rest[:, 0]) == side))
        lobe = shape.positions[ear[np.argmin(body.rest[ear, 1] - 0.3 * body.rest[ear, 2])]]
        lobe = lobe + np.array([side * 0.02, 0.05, 0.0])
        if kind == "hoop":
            ring = np.stack([0 * angle, np.cos(angle) - 1, np.sin(angle)], axis=1) * size
            parts.append(tube(lobe + ring, 0.010, 5, closed=True))
        else:
            drop = 0.16 if kind == "drop" else 0.05
            t = np.linspace(0, 1, 6)
            bead = np.sin(np.pi * t) ** 0.7 * 0.035 + 0.004
            parts.append(tube(lobe - np.outer(t * drop, [0, 1.0, 0.05]), bead, 8))
    return [surface(*joined(parts), plain_paint(color, 0.9), WORN, 1.0)]
