import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from maskanim_tf.data.prepare.boxes import read_boxes
from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.shards.shard_clips import ShardClips
from maskanim_tf.media.clips import ClipError
from maskanim_tf.media.fitting import cut_square
from tests.data.prepared import (
    preparation,
    random_clip,
    write_broken_folder,
    write_clips,
    write_pages,
)
from tests.helpers import REPOSITORY
from tests.programs import run_module

HEADER = "clip,start,end,left,top,right,bottom"


@pytest.fixture
def config(tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    return preparation(tmp_path / "in", tmp_path / "out", clips_per_shard=1)


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "maskanim_tf.data.prepare", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def shard_bytes(output):
    return {path.name: path.read_bytes() for path in output.glob("train/shard-*.tfrecord")}


def test_splits_manifest_and_checksums(config, tmp_path):
    write_clips(tmp_path / "in" / "train", {"x": 3, "sub/y": 4})
    write_clips(tmp_path / "in" / "test", {"z": 5})
    manifest = prepare(config)
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["splits"]["train"]["clips"] == 2
    assert manifest["splits"]["train"]["frames"] == 7
    assert manifest["splits"]["test"]["frames"] == 5
    assert manifest["options"]["image_size"] == 32
    for split, summary in manifest["splits"].items():
        for shard in summary["shards"]:
            content = (tmp_path / "out" / split / shard["file"]).read_bytes()
            assert len(content) == shard["bytes"]
            assert hashlib.sha256(content).hexdigest() == shard["sha256"]
    assert ShardClips(tmp_path / "out").names == ["sub/y", "x"]
    assert ShardClips(tmp_path / "out", "test").names == ["z"]


def test_killed_and_run_again_gives_the_same_bytes(config, tmp_path):
    write_clips(tmp_path / "in", {f"clip{number:02d}": 40 for number in range(24)})
    config = config.replace(image_size=128)
    whole = config.replace(output=str(tmp_path / "whole"))
    manifest = prepare(whole)
    flags = ["--input", config.input, "--output", config.output, "--image_size=128"]
    flags += ["--encoding=png", "--clips_per_shard=1", "--", "--direct_num_workers=1"]
    process = command(*flags, start_new_session=True)
    while not len(shard_bytes(tmp_path / "out")) >= 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finished = shard_bytes(tmp_path / "out")
    assert 2 <= len(finished) < 24
    with pytest.raises(FileNotFoundError, match="interrupted"):
        ShardClips(tmp_path / "out")
    (first, *_) = sorted((tmp_path / "out" / "train").glob("shard-*"))
    made = first.stat().st_mtime_ns
    again = prepare(config)
    assert first.stat().st_mtime_ns == made  # What was whole is not made again.
    assert shard_bytes(tmp_path / "out") == shard_bytes(tmp_path / "whole")
    assert not list((tmp_path / "out").rglob("*partial*"))
    assert again["splits"] == manifest["splits"]
    index = "train/index.npz"
    assert (tmp_path / "out" / index).read_bytes() == (tmp_path / "whole" / index).read_bytes()


def test_workers_do_not_change_the_bytes(config, tmp_path):
    write_clips(tmp_path / "in", {name: 3 for name in "abcdef"})
    prepare(config, ["--direct_num_workers=1"])
    prepare(config.replace(output=str(tmp_path / "other")), ["--direct_num_workers=3"])
    assert len(shard_bytes(tmp_path / "out")) == 6
    assert shard_bytes(tmp_path / "out") == shard_bytes(tmp_path / "other")


def test_boxes(config, tmp_path):
    frames = write_pages(tmp_path / "in" / "video.tif", random_clip(6, 64))
    write_clips(tmp_path / "in", {"unused": 3})
    table = tmp_path / "boxes.csv"
    rows = ["video,1,4,8,16,40,48,id1", "video,0,6,-50,0,14,64,id2", "train/video,0,1,0,0,9,9,id3"]
    table.write_text("\n".join([HEADER + ",identity", *rows]) + "\n")
    prepare(config.replace(boxes=str(table)))
    reader = ShardClips(tmp_path / "out")
    # The second box is pushed into the picture; the third has too few frames.
    assert reader.names == ["id1#video#000001#000004", "id2#video#000000#000006"]
    np.testing.assert_array_equal(reader.read_frames(0, range(3)), frames[1:4, 16:48, 8:40])
    whole = np.stack([cut_square(frame, 0, 0, 64, 32) for frame in frames])
    np.testing.assert_array_equal(reader.read_frames(1, range(6)), whole)


def test_bad_boxes_are_named(config, tmp_path):
    write_clips(tmp_path / "in", {"a": 3})
    table = tmp_path / "boxes.csv"
    config = config.replace(boxes=str(table))
    for content, message in (
        ("clip,start\n", "lacks 'end'"),
        (HEADER + ",colour\n", "does not know 'colour'"),
        (HEADER + "\na,0,3,0,0,x,9\n", "line 2.*whole number"),
        (HEADER + "\n\na,0,3,9,0,9,9\n", "line 3.*left < right"),
        (HEADER + "\nb,0,3,0,0,9,9\n", "1 rows are for clips.*'b' in line 2"),
        (HEADER + "\na,0,3,0,0,9,9\na,0,3,1,1,9,9\n", "line 3.*identities"),
        (HEADER + "\na,0,9,0,0,9,9\n", "no clip .* is left"),
    ):
        table.write_text(content)
        with pytest.raises(ValueError, match=message):
            prepare(
                config.replace(output=str(tmp_path / hashlib.md5(content.encode()).hexdigest()))
            )
    with pytest.raises(OSError, match=r"absent\.csv"):
        read_boxes(tmp_path / "absent.csv")


def test_static_clips_are_dropped(config, tmp_path):
    moving = random_clip(4)
    still = np.repeat(moving[:1], 4, axis=0)
    still[2] += still[2] < 255  # A change of at most 1/255 in two of three differences.
    write_pages(tmp_path / "in" / "moving.tif", moving)
    write_pages(tmp_path / "in" / "still.tif", still)
    manifest = prepare(config.replace(drop_static=0.005))
    assert ShardClips(tmp_path / "out").names == ["moving"]
    assert manifest["splits"]["train"]["static"] == ["still"]
    kept = prepare(config.replace(drop_static=0.001, output=str(tmp_path / "kept")))
    assert kept["splits"]["train"]["static"] == []
    with pytest.raises(ValueError, match=r"no clip .* is left"):
        prepare(config.replace(drop_static=1.0, output=str(tmp_path / "none")))


def test_broken_clip_is_skipped_or_an_error(config, tmp_path, caplog):
    write_clips(tmp_path / "in", {"good": 3})
    write_broken_folder(tmp_path / "in" / "broken")
    manifest = prepare(config)
    assert ShardClips(tmp_path / "out").names == ["good"]
    (skipped,) = manifest["splits"]["train"]["skipped"]
    assert skipped["clip"] == "broken"
    assert "2.png" in skipped["reason"]
    assert sum("clip broken is skipped" in record.message for record in caplog.records) == 1
    with pytest.raises(ClipError, match=r"2\.png"):
        prepare(config.replace(strict=True, output=str(tmp_path / "strict")))
    assert not (tmp_path / "strict" / "manifest.json").exists()


def test_other_settings_are_refused_or_overwrite(config, tmp_path):
    write_clips(tmp_path / "in", {"a": 2, "b": 2, "c": 2})
    prepare(config)
    before = shard_bytes(tmp_path / "out")
    for other, message in (
        (config.replace(image_size=16), "image_size was 32, now it is 16.*--overwrite"),
        (config.replace(clips_per_shard=2), "clips_per_shard was 1"),
    ):
        with pytest.raises(ValueError, match=message):
            prepare(other)
    assert shard_bytes(tmp_path / "out") == before
    write_clips(tmp_path / "in", {"d": 2})
    with pytest.raises(ValueError, match="the clips of train have changed"):
        prepare(config)
    (tmp_path / "out" / "train" / "notes.txt").write_text("mine")
    prepare(config.replace(clips_per_shard=2, overwrite=True))
    assert sorted(shard_bytes(tmp_path / "out")) == [
        "shard-00000-of-00002.tfrecord",
        "shard-00001-of-00002.tfrecord",
    ]
    assert ShardClips(tmp_path / "out").names == ["a", "b", "c", "d"]
    assert (tmp_path / "out" / "train" / "notes.txt").exists()


def test_full_disk_leaves_nothing_half_written(config, tmp_path):
    # A limit on the size of files stands for the disk: the kernel refuses the write in the middle.
    write_clips(tmp_path / "in", {"a": 30, "b": 30}, size=64)
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
    limit += "from maskanim_tf.data.prepare.pipeline import prepare; "
    limit += "from maskanim_tf.data.prepare.plan import PrepareConfig; "
    limit += f"prepare(PrepareConfig(input={config.input!r}, output={config.output!r}))"
    result = subprocess.run(
        [sys.executable, "-c", limit], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "OSError" in result.stderr.splitlines()[-1]
    assert "shard-00000-of-00001" in result.stderr.splitlines()[-1]
    assert os.listdir(tmp_path / "out" / "train") == []


def test_unwritable_output_is_named(config, tmp_path):
    write_clips(tmp_path / "in", {"a": 2})
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        prepare(config.replace(output=str(tmp_path / "file" / "out")))


def test_wrong_options(config, tmp_path):
    with pytest.raises(ValueError, match="--output"):
        prepare(config.replace(output=""))
    with pytest.raises(ValueError, match="--input"):
        prepare(config.replace(input=""))
    with pytest.raises(FileNotFoundError, match="in"):
        prepare(config)
    with pytest.raises(ValueError, match="--runer is no pipeline option of Apache Beam"):
        prepare(config, ["--runer=FlinkRunner"])
    with pytest.raises(ValueError, match="quality is 101, but must be"):
        config.replace(quality=101)


def test_command(config, tmp_path):
    write_clips(tmp_path / "in", {"a": 3, "b": 4})
    places = [f"--input={config.input}", f"--output={config.output}"]
    done = run_module("maskanim_tf.data.prepare", *places, "--image_size=32")
    assert done.returncode == 0, done.stderr
    assert "2 clips, 7 frames in 1 shards" in done.stdout
    assert "2/2" in done.stderr  # The progress bar.
    for argument, message in (
        ("--image_sise=32", "Did you mean: image_size"),
        ("--image_size=64", "error: .* image_size was 32, now it is 64"),
    ):
        done = run_module("maskanim_tf.data.prepare", *places, argument)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        told = ("error:", "FATAL")
        (line,) = [line for line in done.stderr.splitlines() if line.startswith(told)]
        assert re.search(message, line)
