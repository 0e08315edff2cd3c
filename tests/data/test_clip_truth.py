import numpy as np
import pytest

from maskanim_tf.data.clip_truth import ClipTruth, read_clip_truth
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.sources import RawClips, Subset
from maskanim_tf.media.clip import ClipError
from tests.data.prepared import write_clips


def write_truth(path, masks, **arrays):
    frames = len(masks)
    arrays = {
        "packed_masks": np.packbits(masks, axis=-1),
        "points": np.full((frames, 2, 2), 10.0, np.float32),
        "visible": np.ones((frames, 2), bool),
        **arrays,
    }
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


@pytest.fixture
def clip(tmp_path):
    write_clips(tmp_path, {"a": 3, "b": 3}, size=40)
    return find_clips(tmp_path)[0]


def test_truth_is_read_and_scaled_with_the_frames(clip, tmp_path):
    masks = np.zeros((3, 40, 40), bool)
    masks[1, 10:20, 20:40] = True
    write_truth(tmp_path / "a.npz", masks)
    truth = read_clip_truth(clip)
    np.testing.assert_array_equal(truth.masks, masks)
    source = Subset(RawClips(find_clips(tmp_path), 20), [1, 0])
    half = source.read_truth(1)
    np.testing.assert_array_equal(half.masks, masks[:, ::2, ::2])
    np.testing.assert_allclose(half.points, 5.0)
    assert source.read_truth(0) is None


def test_truth_of_wide_frames_is_cut_like_them():
    masks = np.zeros((3, 40, 60), bool)
    masks[:, :, :20] = True
    points = np.float32([[[12.5, 3.0]]]).repeat(3, 0)
    fitted = ClipTruth(masks, points, np.ones((3, 1), bool)).fitted(40)
    # Ten columns are cut off on either side.
    assert fitted.masks[:, :, :10].all()
    assert not fitted.masks[:, :, 10:].any()
    np.testing.assert_allclose(fitted.points, np.float32([[[2.5, 3.0]]]).repeat(3, 0))


def test_truth_that_does_not_fit_is_named(clip, tmp_path):
    path = tmp_path / "a.npz"
    write_truth(path, np.zeros((2, 40, 40), bool))
    with pytest.raises(ClipError, match=r"a\.npz is for 2 frames of 40x40, but .* has 3"):
        read_clip_truth(clip)
    write_truth(path, np.zeros((3, 40, 40), bool), points=None)
    with pytest.raises(ClipError, match=r"a\.npz is no ground truth .*points"):
        read_clip_truth(clip)
    path.write_bytes(b"PK broken")
    with pytest.raises(ClipError, match=r"a\.npz is no ground truth of a clip"):
        read_clip_truth(clip)
