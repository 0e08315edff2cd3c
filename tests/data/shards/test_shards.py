import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.shards.shard_clips import ShardClips
from maskanim_tf.data.shards.shard_index import ShardIndex
from tests.data.prepared import preparation, write_clips

pytest.importorskip("apache_beam", reason="needs the extra beam")

COUNTS = {"a": 3, "b": 7, "c": 2, "d": 5, "e": 4}


@pytest.fixture(scope="module", params=["png", "jpeg"])
def prepared(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    clips = write_clips(folder / "in", COUNTS)
    prepare(preparation(folder / "in", folder / "out", encoding=request.param))
    return folder / "out", clips, request.param


@pytest.fixture
def output(tmp_path):
    write_clips(tmp_path / "in", COUNTS)
    prepare(preparation(tmp_path / "in", tmp_path / "out", encoding="jpeg"))
    return tmp_path / "out"


def test_round_trip(prepared):
    folder, clips, encoding = prepared
    reader = ShardClips(folder, "train")
    assert reader.names == list(COUNTS)
    assert len(reader) == 5
    assert reader.image_size == 32
    np.testing.assert_array_equal(reader.frame_counts, list(COUNTS.values()))
    assert reader.fps.dtype == np.float32
    for number, expected in enumerate(clips.values()):
        frames = reader.read_frames(number, range(len(expected)))
        assert frames.dtype == np.uint8
        difference = np.abs(frames.astype(int) - expected)
        assert difference.max() <= (0 if encoding == "png" else 16)
        assert difference.mean() <= (0 if encoding == "png" else 2)


def test_order_and_repetition(prepared):
    reader = ShardClips(prepared[0])
    every = reader.read_frames(1, range(7))
    np.testing.assert_array_equal(reader.read_frames(1, [6, 0, 6]), every[[6, 0, 6]])
    assert reader.read_frames(1, []).shape == (0, 32, 32, 3)


def test_random_access_equals_sequential_reading(prepared):
    folder, _, encoding = prepared
    reader = ShardClips(folder)
    files = sorted(str(path) for path in folder.glob("train/*.tfrecord"))
    assert len(files) == 3
    shape = {
        "clip": tf.io.FixedLenFeature([], tf.string),
        "frame": tf.io.FixedLenFeature([], tf.int64),
        "fps": tf.io.FixedLenFeature([], tf.float32),
        "image": tf.io.FixedLenFeature([], tf.string),
    }
    seen = []
    for record in tf.data.TFRecordDataset(files).map(
        lambda serialized: tf.io.parse_single_example(serialized, shape)
    ):
        name, frame = record["clip"].numpy().decode(), int(record["frame"])
        seen.append((name, frame))
        number = reader.names.index(name)
        assert reader.read_encoded(number, frame) == record["image"].numpy()
        assert reader.fps[number] == record["fps"]
        if encoding == "png":
            pixels = tf.io.decode_png(record["image"]).numpy()
            np.testing.assert_array_equal(reader.read_frames(number, [frame])[0], pixels)
    assert seen == [(name, frame) for name, count in COUNTS.items() for frame in range(count)]


def test_jpeg_keeps_full_colour_resolution(prepared):
    folder, _, encoding = prepared
    if encoding != "jpeg":
        return
    encoded = ShardClips(folder).read_encoded(0, 0)
    header = encoded.index(b"\xff\xc0")
    assert encoded[header + 11] == 0x11  # Sampling of the first component, as of the others.


def test_many_threads_read_the_same(prepared):
    reader = ShardClips(prepared[0])
    wanted = [(clip, frame) for clip, count in enumerate(COUNTS.values()) for frame in range(count)]
    expected = [reader.read_encoded(*pair) for pair in wanted]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert list(pool.map(lambda pair: reader.read_encoded(*pair), wanted)) == expected


def test_every_flipped_byte_of_a_frame_is_detected(output):
    reader = ShardClips(output)
    shard = output / "train" / "shard-00000-of-00003.tfrecord"
    content = shard.read_bytes()
    index, _ = ShardIndex.from_bytes((output / "train" / "index.npz").read_bytes(), "index")
    entry = int(index.first[1]) + 4
    start, length = int(index.offset[entry]), int(index.length[entry])
    with open(shard, "r+b") as file:
        for position in range(start, start + length):
            file.seek(position)
            file.write(bytes([content[position] ^ 0x40]))
            file.flush()
            with pytest.raises(ValueError, match=r"shard-00000-of-00003.*frame 4 of clip b"):
                reader.read_encoded(1, 4)
            file.seek(position)
            file.write(content[position : position + 1])
            file.flush()
    reader.read_encoded(1, 4)


def test_what_does_not_exist(output):
    reader = ShardClips(output)
    for clip, frame in ((5, 0), (-1, 0), (0, 3), (0, -1)):
        with pytest.raises(IndexError, match="asked for"):
            reader.read_encoded(clip, frame)
    with pytest.raises(ValueError, match="no split 'test'; it has train"):
        ShardClips(output, "test")


@pytest.mark.parametrize("name", ["manifest.json", "train/index.npz"])
def test_missing_file_is_named(output, name):
    (output / name).unlink()
    with pytest.raises(FileNotFoundError, match=name.split("/")[-1]) as error:
        ShardClips(output)
    assert "maskanim_tf.data.prepare" in str(error.value)


def test_missing_and_short_shards_are_named(output):
    shard = output / "train" / "shard-00001-of-00003.tfrecord"
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=f"shard-00001.*{len(content) - 1} bytes instead of"):
        ShardClips(output)
    shard.unlink()
    with pytest.raises(FileNotFoundError, match=r"shard-00001.*missing"):
        ShardClips(output)


def test_damaged_index_and_manifest_are_named(output):
    index = output / "train" / "index.npz"
    whole = index.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"something else"):
        index.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"index.npz is damaged"):
            ShardClips(output)
    other, _ = ShardIndex.from_bytes(whole, "index")
    index.write_bytes(other.to_bytes({"changed": True}))
    with pytest.raises(ValueError, match=r"index.npz is not the index"):
        ShardClips(output)
    (output / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"manifest.json is damaged"):
        ShardClips(output)


def test_another_version_is_refused(output):
    manifest = json.loads((output / "manifest.json").read_text())
    (output / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(ValueError, match="format version 99, but this release reads 1"):
        ShardClips(output)
