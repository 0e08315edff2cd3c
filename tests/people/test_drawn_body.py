"""What is worked out before a body is drawn; nothing here draws."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.drawn_body import _FOLDING, _fold_regions
from maskanim_tf.people.graphics import drawing_order
from maskanim_tf.people.skin_map import load_skin_map


def _worked_out(triangles, kept=256):
    """How many vertices a card with a small memory for them works out."""
    memory, count = np.full(kept, -1), 0
    for vertex in triangles.ravel():
        if memory[vertex % kept] != vertex:
            memory[vertex % kept] = vertex
            count += 1
    return count


def test_triangles_stay_and_each_vertex_is_worked_out_once(body):
    triangles = load_skin_map().triangles
    used, ordered = drawing_order(triangles)

    def rows(corners):
        return np.unique(np.sort(corners, axis=1), axis=0)

    np.testing.assert_array_equal(rows(used[ordered]), rows(triangles))
    assert len(used) == len(np.unique(triangles))
    assert _worked_out(ordered) < 1.05 * len(used)


def test_expressions_fold_the_skin_where_they_act(body):
    regions = _fold_regions(body.rest)
    places = ((0.0, 7.8, 1.4), (0.05, 7.45, 1.45), (0.6, 7.25, 1.1), (0.35, 6.75, 1.4))
    units = ("browInnerUp", "browDownLeft", "eyeSquintRight", "mouthSmileLeft")
    for place, unit in zip(places, units):
        assert unit in _FOLDING[regions[body.nearest(place)]]
    assert regions[body.nearest((0.0, 7.0, -0.7))] == 0
