import numpy as np
import pytest
from scipy.spatial import procrustes
from skimage.metrics import structural_similarity

from maskanim_tf.evaluation import metrics, point_metrics
from maskanim_tf.evaluation.point_metrics import KeyPoints


def frames(count=2, size=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def points(positions, found):
    return KeyPoints(np.array([positions], np.float32), np.array([found]))


def test_l1_is_the_mean_absolute_difference():
    a, b = frames(), frames(seed=1)
    expected = [np.mean(np.abs(x.astype(float) - y)) / 255 for x, y in zip(a, b)]
    np.testing.assert_allclose(metrics.l1(a, b), expected)
    black, white = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 255, np.uint8)
    assert metrics.l1(black, white) == metrics.l1(white, black) == 1


def test_ssim_agrees_with_scikit_image():
    a = frames(size=40).repeat(2, 1).repeat(2, 2)
    noise = np.random.default_rng(1).integers(-30, 30, a.shape)
    b = np.clip(a + noise, 0, 255).astype(np.uint8)
    expected = [
        structural_similarity(
            x / 255,
            y / 255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=-1,
        )
        for x, y in zip(a, b)
    ]
    assert max(expected) < 0.99
    np.testing.assert_allclose(metrics.ssim(a, b), expected, atol=1e-4)


def test_ssim_needs_room_for_its_window():
    with pytest.raises(ValueError, match="at least 11x11, got 8x8"):
        metrics.ssim(frames(size=8), frames(size=8))


def test_equal_frames_score_perfectly():
    a = frames()
    np.testing.assert_array_equal(metrics.l1(a, a), 0)
    np.testing.assert_allclose(metrics.ssim(a, a), 1)
    same = points([(1, 2), (30, 4), (5, 60)], [True, True, True])
    assert point_metrics.keypoint_distance(same, same) == 0
    assert point_metrics.missing_rate(same, same)[0] == 0
    assert point_metrics.pose_distance(same, same) == 0


def test_points_missing_in_either_frame_are_left_out_of_akd_and_count_for_mkr():
    real = points([(0, 0), (10, 10), (50, 50), (0, 0)], [True, True, True, False])
    made = points([(3, 4), (10, 22), (0, 0), (9, 9)], [True, True, False, True])
    # Distances 5 and 12; the third point is missing, the fourth was not in the real frame.
    np.testing.assert_allclose(point_metrics.keypoint_distance(real, made), [8.5])
    share, count = point_metrics.missing_rate(real, made)
    np.testing.assert_allclose(share, [1 / 3])
    np.testing.assert_array_equal(count, [3])


def test_nothing_found_is_no_number():
    nothing = points([(0, 0), (0, 0)], [False, False])
    something = points([(1, 1), (2, 2)], [True, True])
    assert np.isnan(point_metrics.keypoint_distance(something, nothing)).all()
    assert np.isnan(point_metrics.missing_rate(nothing, something)[0]).all()
    np.testing.assert_array_equal(point_metrics.missing_rate(something, nothing)[0], [1])
    assert np.isnan(point_metrics.pose_distance(something, something)).all(), (
        "two points are no pose"
    )


def test_pose_distance_knows_neither_place_nor_size():
    shape = np.array([(0, 0), (4, 0), (4, 2), (0, 2)], np.float32)
    real = points(shape, [True] * 4)
    np.testing.assert_allclose(
        point_metrics.pose_distance(real, points(30 + 7 * shape, [True] * 4)), 0, atol=1e-6
    )
    # The mirror image in x and y is the same rectangle with opposite corners exchanged: centred and
    # scaled every corner is 1 from the centre, so each is 2 from its opposite.
    np.testing.assert_allclose(
        point_metrics.pose_distance(real, points(-shape, [True] * 4)), 2, atol=1e-6
    )


def test_shape_distance_knows_neither_place_nor_size_nor_direction():
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(6, 3)).astype(np.float32)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))

    def solid(places):
        return KeyPoints(places[None, :, :2], np.ones((1, 6), bool), places[None, :, 2])

    turned = 5 * shape @ rotation + 40
    np.testing.assert_allclose(
        point_metrics.shape_distance(solid(shape), solid(turned)), 0, atol=1e-5
    )
    # Mirrored it is another shape.
    assert point_metrics.shape_distance(solid(shape), solid(-turned)) > 0.1
    stretched = turned * np.float32([1, 1, 2])
    disparity = procrustes(shape, stretched)[2]
    distance = point_metrics.shape_distance(solid(shape), solid(stretched))[0]
    # SciPy sums squares of unit-norm shapes; the mean distance is at most the root mean square.
    assert 0.7 * np.sqrt(disparity) < distance <= np.sqrt(disparity)
    flat = points([(0, 0)], [True])
    with pytest.raises(ValueError, match="no depth"):
        point_metrics.shape_distance(flat, flat)


def test_embeddings_agree_with_numpy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 8)), rng.normal(size=(3, 8))
    distances = [np.sqrt(np.sum((x - y) ** 2)) for x, y in zip(a, b)]
    cosines = [np.dot(x, y) / np.sqrt(np.dot(x, x) * np.dot(y, y)) for x, y in zip(a, b)]
    np.testing.assert_allclose(metrics.embedding_distance(a, b), distances)
    np.testing.assert_allclose(metrics.cosine_similarity(a, b), cosines)
    np.testing.assert_allclose(metrics.cosine_similarity(a, -3 * a), -1)
    np.testing.assert_array_equal(metrics.cosine_similarity(a, 0 * a), 0)
