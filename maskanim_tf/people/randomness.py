"""Random streams: one for each thing that is drawn, so that none depends on another."""

from __future__ import annotations

import numpy as np

SHAPE, APPEARANCE, MOTION, CAMERA, SCENE = range(5)


def stream(seed: int, kind: int, *index: int) -> np.random.Generator:
    """The generator for one shape, appearance, motion, camera or scene.

    Args:
        seed: of the data set, at least 0.
        kind: `SHAPE`, `APPEARANCE`, `MOTION`, `CAMERA` or `SCENE`.
        index: number of the person (shape, appearance), of the motion (motion, camera) or of both
            (scene).
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(kind, *index)))
