import shutil

import cv2
import numpy as np
import pytest

from maskanim_tf.config import DataConfig
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.sources import RawClips, open_clips
from maskanim_tf.keys import TEST, TRAIN
from maskanim_tf.media.clip_writer import write_video
from maskanim_tf.media.clips import read_frames
from maskanim_tf.media.fitting import fit_square
from tests.data import prepared
from tests.data.test_dataset import assert_same, batches
from tests.helpers import TINY_CONFIG
from tests.programs import run_module


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
    found = find_clips(tmp_path)
    clips = RawClips(found, 32)
    assert clips.names == ["clip0", "clip1"]
    np.testing.assert_array_equal(clips.frame_counts, [4, 4])
    frames = clips.read_frames(1, (3, 0))
    assert frames.shape == (2, 32, 32, 3)
    assert [int(frame.mean()) for frame in frames] == [23, 20]
    np.testing.assert_array_equal(frames[0], fit_square(read_frames(found[1], [3])[0], 32))
    streamed = list(clips.iterate_frames(1))
    assert [int(frame.mean()) for frame in streamed] == [20, 21, 22, 23]


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
    with pytest.raises(ValueError, match="no test clips: put some into a folder test/"):
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


@pytest.fixture(scope="module")
def raw_and_prepared(tmp_path_factory):
    """The same strips as a folder and as shards without loss."""
    pytest.importorskip("apache_beam")
    folder = tmp_path_factory.mktemp("prepared")
    for split, count in ((TRAIN, 3), (TEST, 2)):
        prepared.write_clips(folder / "raw" / split, {f"{split}{i}": 3 + i for i in range(count)})
    prepare(prepared.preparation(folder / "raw", folder / "shards"))
    return folder


def test_shards_and_raw_folders_give_the_same_batches(raw_and_prepared):
    for split in (TRAIN, TEST):
        raw, shards = (
            batches(2, config(raw_and_prepared / kind), split) for kind in ("raw", "shards")
        )
        assert raw
        assert_same(raw, shards)


def test_without_a_test_split_some_prepared_clips_are_held_out(raw_and_prepared, tmp_path):
    prepare(prepared.preparation(raw_and_prepared / "raw" / TRAIN, tmp_path))
    for location in (tmp_path, raw_and_prepared / "raw" / TRAIN):
        train, test = (open_clips(config(location, held_out=1), split) for split in (TRAIN, TEST))
        assert (len(train.names), len(test.names)) == (2, 1)
        assert sorted([*train.names, *test.names]) == ["train0", "train1", "train2"]


def test_shards_of_another_size_are_refused(raw_and_prepared):
    setting = config(raw_and_prepared / "shards")
    setting = setting.replace(model=setting.model.replace(image_size=64))
    with pytest.raises(ValueError, match="was prepared for image_size 32, but the model takes 64"):
        open_clips(setting, TRAIN)


def sheet(folder, *arguments):
    return run_module(
        *("maskanim_tf.data.sheet", f"--data_dir={folder}", "--rows=3"),
        *("--image_size=32", "--mask_scale=1", "--mask_generator_blocks=2"),
        *("--mask_refiner_blocks=2", "--high_res_generator_blocks=2", *arguments),
    )


def test_sheet_shows_samples(raw_and_prepared, tmp_path):
    picture = tmp_path / "sheet.png"
    run = sheet(raw_and_prepared / "shards", f"--output={picture}")
    assert run.returncode == 0, run.stderr
    assert f"look at {picture}" in run.stdout
    assert cv2.imread(str(picture)).shape == (22 + 3 * 132, 3 * 132 - 4, 3)


def test_a_damaged_shard_costs_its_clips_only(raw_and_prepared, tmp_path, caplog):
    shutil.copytree(raw_and_prepared / "shards", tmp_path / "shards")
    damaged = tmp_path / "shards" / TRAIN / "shard-00001-of-00002.tfrecord"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2 :] = bytes(byte ^ 1 for byte in content[len(content) // 2 :])
    damaged.write_bytes(content)
    picture = tmp_path / "sheet.png"
    run = sheet(tmp_path / "shards", f"--output={picture}")
    assert run.returncode == 0, run.stderr
    assert caplog.text.count("is damaged at frame") == 1
    assert picture.exists()
    run = sheet(tmp_path / "shards", f"--output={tmp_path / 'other.png'}", "--strict")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("error: ")
    assert "is damaged at frame" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


def test_pairs_are_the_same_from_shards(tmp_path):
    """Whoever drives follows from the names, which preparation keeps."""
    pytest.importorskip("apache_beam")
    names = [f"{who}#motion{number}" for who in "abc" for number in (1, 2)]
    prepared.write_clips(tmp_path / "raw" / TRAIN, dict.fromkeys(names, 5))
    prepare(prepared.preparation(tmp_path / "raw", tmp_path / "shards", clips_per_shard=4))
    raw, shards = (
        batches(3, config(tmp_path / kind, driver_identity="other"), TRAIN)
        for kind in ("raw", "shards")
    )
    assert_same(raw, shards)
    settings = config(tmp_path / "shards", driver_identity="other")
    assert_same(raw[2:], batches(1, settings, TRAIN, start_step=2))
    assert np.abs(raw[0]["driving"] - raw[0]["augmented_target"]).mean() > 0.05
