from __future__ import annotations

import json
import os
import pathlib

import cv2
import numpy as np
import pytest

from maskanim_tf.data.clip_truth import read_clip_truth
from maskanim_tf.data.index import find_clips
from maskanim_tf.data.partners import find_partners
from maskanim_tf.media.clips import probe_clip
from maskanim_tf.puppets import (
    JOINT_NAMES,
    DatasetParameters,
    detect_joints,
    make_clip,
    write_dataset,
)
from tests.programs import run_module

_SMALL = {"clips": 2, "test_clips": 1, "size": 64, "frames": 5}


def _read(path):
    capture = cv2.VideoCapture(str(path))
    fps, frames = capture.get(cv2.CAP_PROP_FPS), []
    while True:
        done, frame = capture.read()
        if not done:
            return np.stack(frames), fps
        frames.append(frame[..., ::-1])


def _files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file()
    )


def _psnr(first, second):
    return 10.0 * np.log10(255.0**2 / max(np.mean((first.astype(float) - second) ** 2), 1e-9))


@pytest.mark.parametrize(("file_format", "quality"), [("mp4", 26.0), ("avi", 90.0)])
def test_videos_hold_the_clips(tmp_path, file_format, quality):
    parameters = DatasetParameters(**_SMALL, fps=12.5, format=file_format)
    write_dataset(str(tmp_path), parameters)
    stems = ["train/puppet00000", "train/puppet00001", "test/puppet1000000"]
    expected = [f"{s}.{e}" for s in stems for e in (file_format, "npz")] + ["puppets.json"]
    assert _files(tmp_path) == sorted(expected)
    for stem, index in zip(stems, (0, 1, 1_000_000)):
        clip = make_clip(0, index, size=64, frames=5, fps=12.5)
        frames, fps = _read(tmp_path / f"{stem}.{file_format}")
        assert fps == pytest.approx(12.5)
        assert frames.shape == clip.frames.shape
        assert _psnr(frames, clip.frames) > quality
        truth = read_clip_truth(probe_clip(tmp_path / f"{stem}.{file_format}"))
        np.testing.assert_array_equal(truth.points, clip.joints)
        np.testing.assert_array_equal(truth.visible, clip.visible)
        np.testing.assert_array_equal(truth.masks, clip.masks == 255)
        with np.load(tmp_path / f"{stem}.npz") as more:
            assert (more["fps"], more["action"]) == (12.5, clip.action)


def test_frames_format_is_lossless_and_takes_odd_sizes(tmp_path):
    parameters = DatasetParameters(clips=1, test_clips=0, size=37, frames=3, format="frames")
    write_dataset(str(tmp_path), parameters)
    clip = make_clip(0, 0, size=37, frames=3)
    paths = sorted((tmp_path / "train" / "puppet00000").iterdir())
    assert [path.name for path in paths] == ["00000.png", "00001.png", "00002.png"]
    for path, frame in zip(paths, clip.frames):
        np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], frame)
    masks = read_clip_truth(probe_clip(tmp_path / "train" / "puppet00000")).masks
    np.testing.assert_array_equal(masks, clip.masks == 255)


def test_joints_survive_the_video(tmp_path):
    write_dataset(str(tmp_path), DatasetParameters(clips=4, test_clips=0, frames=12))
    errors, visible = [], 0
    for path in sorted((tmp_path / "train").glob("*.mp4")):
        truth = read_clip_truth(probe_clip(path))
        for frame, joints, seen in zip(_read(path)[0], truth.points, truth.visible):
            positions, found = detect_joints(frame)
            errors.append(np.linalg.norm(positions - joints, axis=1)[seen & found])
            visible += seen.sum()
    errors = np.concatenate(errors)
    assert errors.mean() < 0.6
    assert len(errors) > 0.98 * visible


def test_people_have_several_clips(tmp_path):
    parameters = DatasetParameters(clips=3, test_clips=2, size=32, frames=2, clips_per_person=2)
    write_dataset(str(tmp_path), parameters)
    videos = [name for name in _files(tmp_path) if name.endswith(".mp4")]
    assert videos == [
        "test/person1000000#00.mp4",
        "test/person1000000#01.mp4",
        "train/person0000#00.mp4",
        "train/person0000#01.mp4",
        "train/person0001#00.mp4",
    ]
    assert all(len(_read(tmp_path / name)[0]) == 2 for name in videos)


def test_motions_have_several_people(tmp_path):
    parameters = DatasetParameters(
        clips=4, test_clips=2, size=32, frames=2, identities_per_motion=2, clips_per_person=2
    )
    write_dataset(str(tmp_path), parameters)
    expected = {
        "train": [f"person000{p}#motion0000{m}" for p in (0, 1) for m in (0, 1)],
        "test": [f"person200000{p}#motion2000000" for p in (0, 1)],
    }
    for split, names in expected.items():
        clips = find_clips(tmp_path / split)
        assert [clip.name for clip in clips] == names
        partners = find_partners(names)
        assert all(len(others) == 1 for others in partners)
        for clip in clips:
            assert read_clip_truth(clip).points.shape == (2, len(JOINT_NAMES), 2)


def test_second_run_writes_only_what_is_missing(tmp_path):
    parameters = DatasetParameters(**_SMALL)
    write_dataset(str(tmp_path), parameters)
    lost = tmp_path / "train" / "puppet00001.npz"
    before = {name: (tmp_path / name).read_bytes() for name in _files(tmp_path)}
    lost.unlink()
    for name in before:
        if name != "train/puppet00001.npz":
            os.utime(tmp_path / name, (1, 1))
    write_dataset(str(tmp_path), parameters)
    assert _files(tmp_path) == sorted(before)
    again = [name for name in before if (tmp_path / name).stat().st_mtime > 1]
    assert sorted(again) == ["train/puppet00001.mp4", "train/puppet00001.npz"]
    assert lost.read_bytes() == before["train/puppet00001.npz"]


def test_other_parameters_are_refused(tmp_path):
    write_dataset(str(tmp_path), DatasetParameters(**_SMALL))
    with pytest.raises(ValueError, match=r"other parameters \(seed 0 there, 1 now\)") as error:
        write_dataset(str(tmp_path), DatasetParameters(**_SMALL, seed=1))
    assert str(tmp_path) in str(error.value)
    assert "choose another folder" in str(error.value)
    manifest = json.loads((tmp_path / "puppets.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["seed"] == 0


def test_videos_of_unknown_origin_are_refused(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match=r"no puppets\.json"):
        write_dataset(str(tmp_path), DatasetParameters(**_SMALL))


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_broken_manifest_is_named(tmp_path, text):
    (tmp_path / "puppets.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"puppets\.json is damaged"):
        write_dataset(str(tmp_path), DatasetParameters(**_SMALL))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("clips", 0, "clips is 0, but must be at least 1"),
        ("test_clips", -1, "test_clips is -1, but must be at least 0"),
        ("size", 16, "size is 16, but must be at least 32"),
        ("size", 65, "size must be even for format mp4, got 65"),
        ("frames", 1, "frames is 1, but must be at least 2"),
        ("fps", 0.0, "fps is 0.0, but must be above 0 and at most 1000"),
        ("fps", float("nan"), "fps is nan"),
        ("seed", -5, "seed is -5, but must be at least 0"),
        ("clips_per_person", 0, "clips_per_person is 0, but must be at least 1"),
        (
            "identities_per_motion",
            3,
            r"clips must be a multiple of identities_per_motion \(3\), got 64",
        ),
        ("format", "gif", "format is 'gif', but must be one of mp4, avi, frames"),
    ],
)
def test_bad_parameter_is_named(name, value, message):
    with pytest.raises(ValueError, match=message):
        DatasetParameters(**{name: value})


def test_command_writes_data_set_and_sheet(tmp_path):
    output, sheet = tmp_path / "data", tmp_path / "sheet.png"
    done = run_module(
        "maskanim_tf.puppets",
        *(f"--output={output}", f"--sheet={sheet}", "--clips=2", "--test_clips=1"),
        *("--size=32", "--frames=4", "--fps=10", "--seed=3"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"2 training and 1 test clips are in {output}"
    assert len(_files(output)) == 7
    assert cv2.imread(str(sheet)).shape[1] == 8 * 128


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--size=16"], "error: DatasetParameters.size is 16, but must be at least 32"),
        (["--format=gif"], "--format=gif: value should be one of <mp4|avi|frames>"),
        (["--output="], "error: --output must name a folder"),
        (["extra"], "error: unexpected argument 'extra'; options start with --"),
    ],
)
def test_command_reports_bad_values(tmp_path, flags, message):
    done = run_module("maskanim_tf.puppets", f"--output={tmp_path / 'data'}", *flags)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_command_reports_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run_module("maskanim_tf.puppets", f"--output={tmp_path / 'file' / 'data'}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
