from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from maskanim_tf.data.clip_truth import read_clip_truth
from maskanim_tf.media.clips import probe_clip
from maskanim_tf.people.people_dataset import DatasetParameters, write_dataset
from maskanim_tf.people.person_clip import clip_name
from maskanim_tf.people.workers import run_tasks
from tests.helpers import REPOSITORY
from tests.programs import run_module

PARAMETERS = DatasetParameters(
    clips=4, test_clips=0, size=64, frames=2, identities_per_motion=2, clips_per_person=2, seed=1
)
FLAGS = [
    *("--clips=4", "--test_clips=0", "--size=64", "--frames=2", "--seed=1"),
    *("--identities_per_motion=2", "--clips_per_person=2"),
]


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def command(*arguments, **variables):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    call = [sys.executable, "-m", "maskanim_tf.people", *arguments]
    return subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def written(opengl, tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    write_dataset(str(folder), PARAMETERS, processes=1)
    return folder


def test_blocks_give_pairs_and_test_persons_are_unseen():
    parameters = DatasetParameters(
        clips=6, test_clips=2, identities_per_motion=2, clips_per_person=2
    )
    numbers = list(parameters.clip_numbers())
    assert numbers[:4] == [("train", 0, 0), ("train", 1, 0), ("train", 0, 1), ("train", 1, 1)]
    assert numbers[4:6] == [("train", 2, 2), ("train", 3, 2)]
    train, test = numbers[:6], numbers[6:]
    assert [split for split, _, _ in test] == ["test", "test"]
    for column in (1, 2):
        assert not {row[column] for row in train} & {row[column] for row in test}
    assert test[0][2] == test[1][2]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 65}, "size must be even for format mp4, got 65"),
        ({"clips": 3, "identities_per_motion": 2}, r"clips must be a multiple of .* \(2\), got 3"),
    ],
)
def test_wrong_parameters_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        DatasetParameters(**values)


def test_videos_have_ground_truth_beside_them(written):
    names = [clip_name(person, motion) for person, motion in ((0, 0), (1, 0), (0, 1), (1, 1))]
    videos = sorted(path.stem for path in (written / "train").glob("*.mp4"))
    assert videos == sorted(names)
    for name in names:
        clip = probe_clip(written / "train" / f"{name}.mp4")
        truth, more = read_clip_truth(clip), np.load(written / "train" / f"{name}.npz")
        about = json.loads(str(more["about"]))
        video = cv2.VideoCapture(str(written / "train" / f"{name}.mp4"))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(truth.points) == 2
        assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == truth.masks.shape[2] == 64
        np.testing.assert_array_equal(truth.masks, more["labels"] > 0)
        assert about["person"] == int(name[6:13])
        assert about["motion"] == int(name[-7:])
        assert more["motion_face"].shape == (2, 52)
        assert more["fps"] == 25.0
        assert 0.05 < truth.masks.mean() < 0.95


def test_two_processes_write_the_same_bytes(written, tmp_path):
    process = command(f"--output={tmp_path}", "--processes=2", *FLAGS)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert digests(tmp_path) == digests(written)


def test_killed_run_loses_its_current_clip_only(written, tmp_path):
    process = command(f"--output={tmp_path}", "--processes=1", *FLAGS)
    limit = time.monotonic() + 240
    while not list(tmp_path.glob("train/*.npz")) and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("train/person*.npz")}
    assert before
    # Its workers end with their clip.
    (tmp_path / "train" / ".person0000001#motion0000001.0000.partial.mp4").write_bytes(b"half")
    time.sleep(5)
    write_dataset(str(tmp_path), PARAMETERS, processes=1)
    assert digests(tmp_path) == digests(written)
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())


def test_folder_of_other_parameters_is_refused(written):
    other = DatasetParameters(clips=4, test_clips=0, size=128, frames=2, seed=2)
    with pytest.raises(ValueError, match=r"other parameters.*size 64 there, 128 now.*seed 1 there"):
        write_dataset(str(written), other)


def test_missing_output_is_one_line():
    done = run_module("maskanim_tf.people", "--clips=1")
    assert done.returncode == 1
    assert done.stderr.strip() == "error: --output must name a folder"


def test_without_opengl_the_packages_are_named_and_nothing_is_left(body, tmp_path):
    nothing = {"__EGL_VENDOR_LIBRARY_FILENAMES": "/none"}
    process = command(f"--output={tmp_path}", "--clips=1", "--size=64", **nothing)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri" in errors.splitlines()[-1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_error_in_a_process_reaches_the_caller(tmp_path):
    (tmp_path / "there").mkdir()
    done = run_tasks(os.rmdir, [(str(tmp_path / "there"),), (str(tmp_path / "gone"),)], 1)
    with pytest.raises(FileNotFoundError, match="gone"):
        list(done)
    assert not (tmp_path / "there").exists()


def test_killed_process_is_told():
    with pytest.raises(RuntimeError, match=r"ended with status 9.*run the same command again"):
        list(run_tasks(os._exit, [(9,)], 1))
