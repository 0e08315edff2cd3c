import numpy as np
import pytest

from maskanim_tf.config import DataConfig
from maskanim_tf.data.clips import read_frames
from maskanim_tf.data.fitting import fit_square
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.puppets.video import write_video
from maskanim_tf.data.sources import RawClips, open_clips
from maskanim_tf.names import TEST, TRAIN
from tests.helpers import TINY_CONFIG


def write_clips(folder, count, frames=4, first=0):
    """Lossless clips of plain grey frames: value 20 * clip + frame number."""
    for clip in range(first, first + count):
        values = 20 * clip + np.arange(frames)
        pictures = np.zeros((frames, 40, 48, 3), np.uint8) + values[:, None, None, None]
        write_video(str(folder / f"clip{clip}"), pictures.astype(np.uint8), 25)


def config(folder, **data):
    return TINY_CONFIG.replace(data=DataConfig(data_dir=str(folder), progress=False, **data))


def grey(source, clip):
    """The grey value of the first frame of a clip."""
    return int(source.read_frames(clip, (0,))[0, 0, 0, 0])


def test_raw_clips_are_cropped_and_resized(tmp_path):
    write_clips(tmp_path, 2)
    clips = RawClips(find_clips(tmp_path), 32)
    assert clips.names == ["clip0", "clip1"]
    np.testing.assert_array_equal(clips.frame_counts, [4, 4])
    frames = clips.read_frames(1, (3, 0))
    assert frames.shape == (2, 32, 32, 3)
    assert [int(frame.mean()) for frame in frames] == [23, 20]
    streamed = list(clips.iterate_frames(1))
    assert [int(frame.mean()) for frame in streamed] == [20, 21, 22, 23]


def test_the_centre_square_is_kept():
    frame = np.zeros((20, 41, 3), np.uint8)
    frame[:, 10:30] = 200
    assert (fit_square(frame, 20) == 200).all()
    assert fit_square(frame, 10).shape == (10, 10, 3)
    assert (fit_square(frame.transpose(1, 0, 2), 40) == 200).all()


def test_train_and_test_folders_are_the_splits(tmp_path):
    write_clips(tmp_path / TRAIN, 2)
    write_clips(tmp_path / TEST, 1, first=5)
    train, test = (open_clips(config(tmp_path), split) for split in (TRAIN, TEST))
    assert [grey(train, i) for i in range(2)] == [0, 20]
    assert [grey(test, i) for i in range(1)] == [100]


def test_without_such_folders_some_clips_are_held_out(tmp_path):
    write_clips(tmp_path, 5)
    setting = config(tmp_path, held_out=2)
    train, test = (open_clips(setting, split) for split in (TRAIN, TEST))
    values = [grey(source, i) for source in (train, test) for i in range(len(source.names))]
    assert (len(train.names), len(test.names)) == (3, 2)
    assert sorted(values) == [0, 20, 40, 60, 80]
    assert [f"clip{value // 20}" for value in values] == [*train.names, *test.names]
    streamed = next(iter(test.iterate_frames(0)))
    np.testing.assert_array_equal(streamed, test.read_frames(0, (0,))[0])
    with pytest.raises(ValueError, match="no test clips: make folders train/ and test/"):
        open_clips(config(tmp_path), TEST)


def test_unusable_locations_are_named(tmp_path):
    with pytest.raises(ValueError, match="data_dir is empty; give the folder"):
        open_clips(config(""), TRAIN)
    with pytest.raises(FileNotFoundError, match="absent is no folder"):
        open_clips(config(tmp_path / "absent"), TRAIN)
    with pytest.raises(ValueError, match="split is 'x', but must be one of train, test"):
        open_clips(config(tmp_path), "x")
    with pytest.raises(ValueError, match="no clips here"):
        open_clips(config(tmp_path), TRAIN)
    write_clips(tmp_path, 2, frames=1)
    with pytest.raises(ValueError, match="fewer than 2 frames"):
        open_clips(config(tmp_path), TRAIN)


def test_reading_the_same_as_the_clip_interface(tmp_path):
    write_clips(tmp_path, 1)
    (clip,) = find_clips(tmp_path)
    expected = fit_square(read_frames(clip, [2])[0], 32)
    np.testing.assert_array_equal(RawClips([clip], 32).read_frames(0, (2,))[0], expected)
