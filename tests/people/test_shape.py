from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from maskanim_tf.people.details import opposite, random_details
from maskanim_tf.people.landmarks import landmark_vertices
from maskanim_tf.people.shape import Build, apply_targets, build_weights, random_shape

ADULT = Build(age=2 / 3, gender=0.0, muscle=0.5, weight=0.5, ancestry=(1.0, 0.0, 0.0))


def test_target_moves_vertices_by_weight_times_displacement(body):
    plain, _ = apply_targets(body, {})
    moved, _ = apply_targets(body, {"nose/nose-hump-incr": 0.5})
    row = body.target_names.index("nose/nose-hump-incr")
    expected = 0.5 * body.mesh.targets[row].toarray().reshape(-1, 3)
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(moved - plain, expected, atol=1e-5)


def test_arms_hang_lower_and_the_rest_stays(body):
    plain, joints = apply_targets(body, {})
    head = body.rest[:, 1] > 6.5
    np.testing.assert_allclose(plain[head], body.rest[head], atol=1e-3)
    elbow = body.nearest((3.4, 3.4, -0.1))
    # 0.38 radians about the shoulder, clockwise as seen from the front.
    shoulder = (body.mesh.joints @ body.rest)[body.bones.index("upperarm01.L")]
    x, y, _ = body.rest[elbow] - shoulder
    cosine, sine = np.cos(-0.38), np.sin(-0.38)
    expected = shoulder[:2] + np.array([x * cosine - y * sine, x * sine + y * cosine])
    np.testing.assert_allclose(plain[elbow, :2], expected, atol=1e-3)
    assert joints.shape == (len(body.bones), 3)


def test_unknown_target_is_named(body):
    with pytest.raises(KeyError, match="nose/longer"):
        apply_targets(body, {"nose/longer": 1.0})


def test_macro_weights_by_hand():
    assert build_weights(ADULT) == pytest.approx(
        {
            "macro/african-male-young": 1.0,
            "macro/universal-male-young-averagemuscle-averageweight": 1.0,
        }
    )
    half = dataclasses.replace(ADULT, age=0.5, weight=0.75, ancestry=(0.5, 0.0, 0.5))
    weights = build_weights(half)
    # Half way from child to young, half way from average to most weight, half of each ancestry.
    assert weights["macro/african-male-child"] == pytest.approx(0.25)
    assert weights["macro/universal-male-young-averagemuscle-maxweight"] == pytest.approx(0.25)
    assert sum(value for name, value in weights.items() if "universal" in name) == pytest.approx(1)


def test_details_never_pull_both_ways(body):
    details = random_details(body.target_names, np.random.default_rng(3))
    assert len(details) > 100
    assert set(details) <= set(body.target_names)
    assert 0.0 < min(details.values()) <= max(details.values()) <= 0.75
    assert not [name for name in details if opposite(name) != name and opposite(name) in details]
    right = {name for name in details if "/r-" in name}
    assert {name.replace("/l-", "/r-") for name in details if "/l-" in name} == right


def test_people_differ_and_none_is_a_monster(body):
    landmarks = landmark_vertices(body)
    shapes = [random_shape(body, np.random.default_rng(seed)) for seed in range(40)]
    eyes = [body.rest[each].mean(axis=0) for each in body.eye_vertices.values()]
    ratios = []
    for shape in shapes:
        points = shape.positions[landmarks]
        right, left = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
        middle = [shape.positions[each].mean(axis=0) for each in body.eye_vertices.values()]
        np.testing.assert_allclose(np.mean(middle, axis=0), np.mean(eyes, axis=0), atol=1e-4)
        unit = np.linalg.norm(left - right)
        nose, mouth, chin = points[30], points[[48, 54]].mean(axis=0), points[8]
        heights = [right[1], nose[1], mouth[1], chin[1]]
        assert (np.diff(heights) < -0.1 * unit).all()
        width = np.linalg.norm(points[54] - points[48])
        assert 0.4 * unit < width < 1.2 * unit
        assert np.linalg.norm(points[16] - points[0]) > 1.6 * unit
        ratios.append((width / unit, (right[1] - chin[1]) / unit, shape.build.age))
    spread = np.std(ratios, axis=0)
    assert (spread[:2] > 0.04).all()
    assert spread[2] > 0.12
    assert {shape.female for shape in shapes} == {False, True}
