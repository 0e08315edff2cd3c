"""Cloth and what its edge ends in."""

from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.clothes import draw_cloth, load_cloth_map
from maskanim_tf.people.collars import make_collar
from maskanim_tf.people.randomness import SHAPE, stream
from maskanim_tf.people.shape import random_shape

_SIZE = 128


def _shirt(cut):
    shirts = (draw_cloth(np.random.default_rng(seed), _SIZE) for seed in range(200))
    return next(shirt for shirt in shirts if shirt.neckline.cut == cut)


def test_places_of_the_texture_are_found_on_the_cloth(body):
    cloth_map = load_cloth_map(_SIZE)
    uv = np.array([[0.5, 0.75], [0.02, 0.8], [0.99, 0.7], [0.3, 0.72]])
    corners, shares = cloth_map.locate(uv)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (shares > -1e-6).all()
    found = (cloth_map.uv[corners] * shares[..., None]).sum(axis=1)
    np.testing.assert_allclose((found - uv + 0.5) % 1.0, 0.5, atol=1e-5)


def test_the_edge_is_where_the_cloth_turns_transparent(body):
    shirt = _shirt("crew")
    alpha = shirt.paint.albedo[..., 3]
    rows = (np.arange(_SIZE) + 0.5) / _SIZE
    assert (alpha[rows[:, None] < shirt.edge - 0.02] == 255).all()
    assert (alpha[rows[:, None] > shirt.edge + 0.02] == 0).all()


@pytest.mark.parametrize(
    ("cut", "rows"),
    [("crew", 5), ("scoop", 5), ("vee", 5), ("boat", 5), ("turtle", 5), ("shirt", 6)],
)
def test_collars_lie_on_the_cloth_of_anybody(body, cut, rows):
    shirt = _shirt(cut)
    vertices = load_cloth_map(_SIZE).vertices
    for person in range(4):
        shape = random_shape(body, stream(9, SHAPE, person))
        (collar,) = make_collar(body, shape, shirt, np.random.default_rng(1))
        outside = shape.positions + body.normals(shape.positions) * shirt.thickness[:, None]
        away = np.linalg.norm(collar.positions[:, None] - outside[vertices], axis=2).min(axis=1)
        assert away.max() < 0.45
        # Neighbours along the edge stay neighbours: nothing buckles.
        lines = collar.positions.reshape(rows, -1, 3)
        step = np.linalg.norm(np.diff(lines, axis=1), axis=2)
        assert step.max() < 5.0 * np.median(step)


def test_a_hood_is_a_closed_roll_of_even_thickness(body):
    shape = random_shape(body, stream(9, SHAPE, 1))
    (roll,) = make_collar(body, shape, _shirt("hood"), np.random.default_rng(1))
    rings = roll.positions.reshape(-1, 8, 3)
    radius = np.linalg.norm(rings - rings.mean(axis=1, keepdims=True), axis=2)
    np.testing.assert_allclose(radius, radius[0, 0], rtol=0.05)
    np.testing.assert_allclose(rings[0], rings[-1])
