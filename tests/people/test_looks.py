"""Skin, hair, light and film against values worked out by hand."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from maskanim_tf.people.background import draw_background
from maskanim_tf.people.film import Film
from maskanim_tf.people.hair_growth import Skin, grow
from maskanim_tf.people.hair_styles import STYLES
from maskanim_tf.people.hairline import beard_mask, hair_mask
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.lights import _CONSTANTS, _KEPT, _PEAK, _lobe
from maskanim_tf.people.randomness import SHAPE, stream
from maskanim_tf.people.shape import random_shape
from maskanim_tf.people.skin import encode_relief, paint_skin
from maskanim_tf.people.skin_map import load_skin_map, texture_coordinates
from maskanim_tf.people.solids import Hull
from maskanim_tf.people.traits import draw_traits


@pytest.fixture(scope="module")
def shape(body):
    return random_shape(body, stream(3, SHAPE, 1))


def test_left_and_right_are_mirrored_in_the_texture():
    right = np.array([[0.31, 7.3, 1.3], [0.7, 6.8, 0.6]], np.float32)
    left = right * np.float32([-1, 1, 1])
    one, other = texture_coordinates(right), texture_coordinates(left)
    np.testing.assert_allclose(one[:, 0] + other[:, 0], 1.0, atol=1e-6)
    np.testing.assert_allclose(one[:, 1], other[:, 1], atol=1e-6)


def test_texels_know_what_lies_at_them(body):
    """The map inverts the coordinates of vertices of the cheeks and the forehead."""
    skin_map = load_skin_map()
    smooth = [
        body.nearest(point) for point in ((0.45, 6.9, 1.3), (-0.4, 7.8, 1.4), (0.2, 7.9, 1.45))
    ]
    uv = texture_coordinates(body.rest[smooth])
    column, row = (uv * skin_map.position.shape[0]).astype(int).T
    np.testing.assert_allclose(skin_map.position[row, column], body.rest[smooth], atol=0.05)


def test_no_triangle_spans_the_seam(body):
    skin_map = load_skin_map()
    points = body.rest[skin_map.vertices]
    # Beside the axis itself, deep in the nose, the turn round it means nothing.
    apart = np.hypot(points[:, 0], points[:, 2] - 0.45) > 0.3
    triangles = skin_map.triangles[apart[skin_map.triangles].all(axis=1)]
    assert len(triangles) > 0.95 * len(skin_map.triangles)
    assert np.ptp(skin_map.uv[triangles, 0], axis=1).max() < 0.4


def test_darker_skin_is_darker_and_repeats(body, shape):
    def cheek(darkness):
        traits = draw_traits(shape, np.random.default_rng(5))
        color = np.full(3, 0.6 - 0.5 * darkness)
        traits = dataclasses.replace(traits, skin=color, darkness=darkness, beard="none", stubble=0)
        paint = paint_skin(load_skin_map(), traits, np.random.default_rng(6))
        u, v = texture_coordinates(np.float32([[0.45, 6.95, 1.3]]))[0] * len(paint.albedo)
        return paint.albedo, paint.albedo[int(v), int(u), 1]

    light, one = cheek(0.0)
    again, _ = cheek(0.0)
    _, other = cheek(1.0)
    assert other < one
    np.testing.assert_array_equal(light, again)


def test_relief_of_a_slope():
    """A plane that rises by half a unit for each unit to the side has the slope 0.5: 32 levels."""
    height = np.tile(np.arange(16, dtype=np.float32) * 0.5 / 100, (16, 1))
    relief = encode_relief(height, np.full((16, 16), 0.5), texel=1 / 100)
    assert relief[8, 8].tolist() == [160, 128, 127, 0]


def test_hair_grows_on_the_head_but_not_on_the_face():
    crown, forehead, chin, cheek = [0, 8.4, 0.5], [0, 7.7, 1.5], [0, 6.3, 1.5], [0.6, 6.6, 0.9]
    np.testing.assert_allclose(hair_mask(np.array([crown, forehead, chin]), "short"), [1, 0, 0])
    full = beard_mask(np.array([crown, forehead, chin, cheek]), "full")
    assert full[2] > 0.8
    assert full[:2].max() < 0.01


@pytest.mark.parametrize("name", [name for name, style in STYLES.items() if style is not None])
def test_strands_start_on_the_scalp_and_stay_outside(body, shape, name):
    skin = Skin(body, shape)
    weights = hair_mask(body.rest, name) * (body.ear < 0.3) * ~body.inner_mouth
    style = dataclasses.replace(STYLES[name], cards=80)
    strands, layer = grow(skin, style, weights, np.random.default_rng(1))
    assert strands.shape == (len(layer), style.steps + 1, 3)
    assert 70 <= len(layer) <= 80  # single strands are left out
    assert ((layer >= 0) & (layer <= 1)).all()
    height, _ = skin.nearest(strands)
    assert np.abs(height[:, 0]).max() < 0.1
    assert np.mean(height[:, 1:] < -0.1) < 0.02


def test_the_hull_holds_the_skull(body, shape):
    hull = Hull(body, shape)
    top = shape.positions[body.nearest((0.0, 8.48, 0.6))]
    offset = top - hull.center
    reach = np.linalg.norm(offset)
    assert hull.radius((offset / reach)[None])[0] == pytest.approx(reach, rel=0.06)


def test_surroundings_light_what_faces_them():
    """The coefficients, summed as the shaders do, give a light's colour to a surface facing it."""
    toward = np.array([0.6, 0.0, 0.8])
    coefficients = _lobe(toward, np.array([0.5, 0.25, 1.0]))

    def shade(n):
        x, y, z = n
        basis = [1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
        return np.array(basis) @ coefficients

    np.testing.assert_allclose(shade(toward), [0.5, 0.25, 1.0], rtol=0.01)
    assert np.abs(shade(-toward)).max() < 0.1
    # The mean over all directions is that of the clamped cosine, 1/4.
    assert coefficients[0, 2] == pytest.approx(_CONSTANTS[0] ** 2 * _KEPT[0] / _PEAK)


def plain_film(**effects):
    levels = np.tile(np.arange(256, dtype=np.uint8)[:, None], (1, 3))
    return Film(levels, 1.0, 0.0, 0.0, 0.0, 0.0, 0, 1, **effects)


def test_film_without_effects_changes_nothing():
    film = plain_film()
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(film.develop(image, 0.5), image)
    noisy = dataclasses.replace(film, grain=4.0)
    flat = np.full((64, 64, 3), 128, np.uint8)
    np.testing.assert_array_equal(noisy.develop(flat, 0.2), noisy.develop(flat, 0.2))
    assert (noisy.develop(flat, 0.2) != noisy.develop(flat, 0.24)).mean() > 0.5
    assert noisy.develop(flat, 0.2).std() == pytest.approx(4.0 * (1.25 - 128 / 340), rel=0.1)


def test_an_open_shutter_smears_along_the_motion():
    film = plain_film(shutter=0.02)
    dots = np.zeros((41, 41, 4), np.uint8)
    dots[[10, 34], 10] = 255
    places = np.array([[10.5, 10.5], [10.5, 30.5]])  # face and breastbone
    # 6 pixels while the shutter is open, of the head alone.
    smeared = film.smear(dots, np.array([[300.0, 0.0], [0.0, 0.0]]), places)[..., 0]
    seen = np.flatnonzero(smeared[10] > 10)
    assert (seen[0], seen[-1]) == (7, 13)
    assert (smeared[[8, 12]] == 0).all()
    np.testing.assert_array_equal(smeared[30:], dots[30:, :, 0])
    slow = film.smear(dots, np.array([[30.0, 0.0], [30.0, 0.0]]), places)
    np.testing.assert_array_equal(slow, dots)


def test_depth_of_field_is_that_of_a_thin_lens():
    film = plain_film(aperture=1.0)
    edge = np.zeros((128, 128, 4), np.uint8)
    edge[:, 64:] = 255
    for distance in (10.0, 8.0, 14.0, 15.0):
        depth = np.full((128, 128), distance, np.float32)
        seen = film.defocus(edge, depth, focus=10.0, scale=20.0)[64, :, 3].astype(float)
        profile = np.diff(seen) / 255
        place = np.arange(127) - 63
        variance = profile @ place**2 - (profile @ place) ** 2
        # The disc of a lens 1 dm across, on the film at a scale of 20 pixels per dm.
        diameter = 20.0 * abs(distance - 10.0) / distance
        assert variance == pytest.approx((diameter / 4) ** 2, rel=0.06, abs=1e-9)


def test_depth_of_field_blurs_what_is_far_from_the_focus_alone():
    film = plain_film(aperture=1.0)
    stripes = np.zeros((128, 128, 4), np.uint8)
    stripes[:, ::4] = 255
    depth = np.full((128, 128), 10.0, np.float32)
    depth[64:] = 16.0
    depth[:, :32] = 80.0  # nobody is there
    seen = film.defocus(stripes, depth, focus=10.0, scale=20.0)
    np.testing.assert_array_equal(seen[:64, 32:], stripes[:64, 32:])
    assert seen[72:, 40:120, 3].std() < 0.3 * stripes[72:, 40:120, 3].std()
    sharp = dataclasses.replace(film, aperture=0.0)
    assert sharp.defocus(stripes, depth, 10.0, 20.0) is stripes


def test_furrows_are_marked_where_they_outweigh_the_rest():
    """A slope of 1 that an expression makes, beside one of 0.5 that stays."""
    across = np.tile(np.arange(32, dtype=np.float32) / 100, (32, 1))
    left = np.arange(32) < 16
    stays, comes = np.where(left, 0.5 * across, 0.08), across * ~left
    relief = encode_relief(stays, np.zeros((32, 32)), 1 / 100, comes)
    np.testing.assert_allclose(
        relief[8, [8, 24]].astype(int), [[160, 128, 0, 0], [192, 128, 0, 252]], atol=1
    )


def test_small_pictures_take_small_textures_of_the_same_person(body):
    large, small = (Identity(body, 3, 2, picture).appearance for picture in (256, 128))
    assert large.skin.albedo.shape == (768, 768, 4)
    assert small.skin.albedo.shape == (384, 384, 4)
    assert large.traits.style == small.traits.style
    shrunk = cv2.resize(large.skin.albedo, (384, 384), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small.skin.albedo).mean() < 3.0


def test_backgrounds_repeat():
    one, other = (draw_background(np.random.default_rng(4), "busy") for _ in range(2))
    np.testing.assert_array_equal(one, other)
