from __future__ import annotations

import numpy as np
import pytest

from maskanim_tf.people.landmarks import FACE_POINTS, POINT_NAMES, landmark_vertices


def test_normals_point_outwards(body):
    normals = body.normals(body.rest)
    drawn = np.unique(body.triangles)
    np.testing.assert_allclose(np.linalg.norm(normals[drawn], axis=1), 1.0, atol=1e-4)
    for vertices in body.eye_vertices.values():
        outwards = body.rest[vertices] - body.rest[vertices].mean(axis=0)
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
        assert (np.einsum("vi,vi->v", outwards, normals[vertices]) > 0.9).all()


def test_normal_of_a_tilted_plane_by_hand(body):
    # z = x / 2: the normal is (-1, 0, 2) / sqrt(5), up to the side that a triangle is seen from.
    flat = body.rest.copy()
    flat[:, 2] = 0.5 * flat[:, 0]
    normals = body.normals(flat)[body.nearest((0.0, 7.8, 1.4))]
    np.testing.assert_allclose(normals, np.array([-1.0, 0.0, 2.0]) / np.sqrt(5.0), atol=1e-5)


def test_regions_lie_where_they_belong(body):
    x, y, _ = body.rest.T
    assert (y[body.ear > 0.5] > 6.6).all()
    assert (np.abs(x[body.ear > 0.5]) > 0.6).all()
    assert (np.abs(x[body.lips > 0.9]) < 0.5).all()


def test_landmarks_are_different_points_of_the_skin(body):
    vertices = landmark_vertices(body)
    assert len(vertices) == len(POINT_NAMES)
    assert len(FACE_POINTS) == 68
    assert len(set(vertices.tolist())) == len(vertices)
    assert np.isin(vertices, body.skin_vertices).all()


@pytest.mark.parametrize(
    ("right", "left"),
    [
        *((index, 16 - index) for index in range(8)),
        *((17 + index, 26 - index) for index in range(5)),
        *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46), (48, 54), (60, 64)),
        (POINT_NAMES.index("right_shoulder"), POINT_NAMES.index("left_shoulder")),
    ],
)
def test_landmarks_are_symmetric_and_the_right_side_comes_first(body, right, left):
    vertices = landmark_vertices(body)
    mirrored = body.rest[vertices[right]] * (-1.0, 1.0, 1.0)
    assert body.rest[vertices[right], 0] < 0.0
    np.testing.assert_allclose(mirrored, body.rest[vertices[left]], atol=0.02)


def test_landmarks_are_in_the_order_of_a_face(body):
    height = body.rest[landmark_vertices(body), 1]
    assert height[19] > height[37] > height[41] > height[30] > height[51] > height[57] > height[8]
