"""Finding clips: what counts as one, their names, and what is said about broken files."""

import os
import shutil

import numpy as np
import pytest

from maskanim_tf.data.index import find_clips
from maskanim_tf.media.clips import ClipError, read_frames
from tests.helpers import shared_folder
from tests.media.clip_files import (
    B_FRAMES,
    cut,
    numbered_frames,
    shown_index,
    write_opencv_video,
    write_picture,
    write_video,
)

FRAMES = numbered_frames(12)
STRIP = np.concatenate(list(np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)), 1)


def write_frames(folder, count=3, suffix="png"):
    for index in range(count):
        write_picture(folder / f"{index}.{suffix}", FRAMES[index])


def kinds(clips):
    return {clip.name: (clip.kind, clip.frames) for clip in clips}


@pytest.fixture
def mixed(tmp_path):
    """One of everything, as people keep it."""
    root = tmp_path / "my clips"
    write_frames(root / "train" / "person 10")
    write_frames(root / "train" / "person 9", 12, "jpg")
    write_picture(root / "strips" / "b.png", STRIP)
    write_picture(root / "strips" / "a.png", STRIP[:, :32])
    (root / "zoo" / "deep").mkdir(parents=True)
    write_opencv_video(root / "zoo" / "deep" / "walk.v2.mp4", FRAMES, "mp4v")
    write_picture(root / "portraits" / "ann.png", FRAMES[0])
    write_picture(root / "portraits" / "bob.png", FRAMES[1][:40])
    for ignored in ("list.csv", "READ.md", "x.npz", ".hidden.mp4", ".ann.1f.partial.png"):
        (root / ignored).write_text("no clip")
    (root / "walk.partial.mp4").write_text("no clip")
    write_frames(root / ".thumbnails")
    return root


def test_every_kind_is_found_by_name(mixed, caplog, capfd):
    clips = find_clips(mixed)
    assert kinds(clips) == {
        "portraits/ann": ("picture", 1),
        "portraits/bob": ("picture", 1),
        "strips/a": ("picture", 1),
        "strips/b": ("picture", 1),
        "train/person 10": ("folder", 3),
        "train/person 9": ("folder", 12),
        "zoo/deep/walk.v2": ("video", 12),
    }
    assert [clip.name for clip in clips] == sorted(clip.name for clip in clips)
    assert clips == find_clips(mixed, strict=True)
    for clip in clips:
        assert read_frames(clip, [clip.frames - 1]).shape == (1, clip.height, clip.width, 3)
    assert not caplog.records
    assert capfd.readouterr().err == ""


def test_strips_are_clips_where_they_are_asked_for(mixed):
    asked, plain = (kinds(find_clips(mixed, strips=strips)) for strips in (True, False))
    assert {name: kind for name, kind in asked.items() if plain[name] != kind} == {
        "strips/a": ("strip", 2),
        "strips/b": ("strip", 3),
    }
    # Equally large ones are no frames of one clip then.
    write_picture(mixed / "strips" / "a.png", STRIP)
    assert kinds(find_clips(mixed, strips=True))["strips/a"] == ("strip", 3)
    assert kinds(find_clips(mixed))["strips"] == ("folder", 2)


def test_progress_is_shown(mixed, capfd):
    find_clips(mixed, progress=True)
    assert "7/7" in capfd.readouterr().err


def test_the_folder_itself_may_be_a_clip(tmp_path):
    write_frames(tmp_path / "dance")
    (clip,) = find_clips(tmp_path / "dance")
    assert (clip.kind, clip.name, clip.frames) == ("folder", "dance", 3)


def test_frames_beside_sub_folders_and_beside_videos(tmp_path):
    write_frames(tmp_path / "a")
    write_frames(tmp_path / "a" / "masks", 2)
    write_frames(tmp_path / "b", 2)
    write_opencv_video(tmp_path / "b" / "walk.mp4", FRAMES, "mp4v")
    assert kinds(find_clips(tmp_path)) == {
        "a": ("folder", 3),
        "a/masks": ("folder", 2),
        "b/0": ("picture", 1),
        "b/1": ("picture", 1),
        "b/walk": ("video", 12),
    }


def test_equal_names_keep_their_suffix(tmp_path):
    write_opencv_video(tmp_path / "ann.mp4", FRAMES, "mp4v")
    write_picture(tmp_path / "ann.png", FRAMES[0])
    write_picture(tmp_path / "bob.png", FRAMES[0])
    assert [clip.name for clip in find_clips(tmp_path)] == ["ann.mp4", "ann.png", "bob"]


def test_links_are_followed_once(tmp_path):
    write_frames(tmp_path / "far" / "dance")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "far", target_is_directory=True)
    (tmp_path / "far" / "back").symlink_to(tmp_path / "data", target_is_directory=True)
    assert [clip.name for clip in find_clips(tmp_path / "data")] == ["linked/dance"]


def test_each_broken_file_is_named_once_and_nothing_else_is_lost(mixed, caplog):
    good = find_clips(mixed)
    whole = write_video(
        mixed / "short.mp4",
        numbered_frames(100),
        options=B_FRAMES,
        container_options={"movflags": "faststart"},
    )
    cut(whole, mixed / "cut.mp4", 0.6)
    late_index = write_video(mixed / "x.mp4", FRAMES)
    cut(late_index, mixed / "no_index.mp4", 0.5)
    (mixed / "text.mp4").write_text("a diary, not a film")
    (mixed / "zero.jpg").touch()
    (mixed / "gone.png").symlink_to(mixed / "nowhere.png")
    os.remove(whole)
    os.remove(late_index)
    caplog.clear()
    clips = find_clips(mixed)
    by_name = {clip.name: clip for clip in clips}
    kept = by_name.pop("cut")
    assert 30 < kept.frames < 70
    assert shown_index(read_frames(kept, [kept.frames - 1])[0]) == kept.frames - 1
    assert list(by_name.values()) == good
    messages = sorted(record.getMessage() for record in caplog.records)
    reasons = {
        "cut.mp4": "damaged or cut short",
        "gone.png": "No such file",
        "no_index.mp4": "no readable video",
        "text.mp4": "no readable video",
        "zero.jpg": "the file is empty",
    }
    assert len(messages) == len(reasons)
    for message, (name, reason) in zip(messages, reasons.items()):
        assert f"{mixed / name}: " in message
        assert reason in message


@pytest.mark.parametrize("name", ["text.mp4", "text.png", "dance/3.png"])
def test_strict_raises(name, mixed):
    write_frames(mixed / "dance")
    (mixed / name).write_text("a diary")
    with pytest.raises(ClipError, match=name):
        find_clips(mixed, strict=True)


def test_strict_raises_for_a_video_that_ends_early(tmp_path):
    faststart = {"movflags": "faststart"}
    frames = numbered_frames(100)
    whole = write_video(tmp_path / "whole.mp4", frames, "libx264", container_options=faststart)
    cut(whole, tmp_path / "cut.mp4", 0.9)
    with pytest.raises(ClipError, match=r"cut\.mp4: it is damaged or cut short"):
        find_clips(tmp_path, strict=True)


def test_a_folder_clip_goes_without_its_broken_frames(tmp_path, caplog):
    write_frames(tmp_path / "dance", 12)
    (tmp_path / "dance" / "4.png").write_bytes(b"")
    cut(tmp_path / "dance" / "7.png", tmp_path / "dance" / "8.png", 0.5)
    (clip,) = find_clips(tmp_path)
    shown = [shown_index(frame) for frame in read_frames(clip, range(clip.frames))]
    assert shown == [0, 1, 2, 3, 5, 6, 7, 9, 10, 11]
    messages = [record.getMessage() for record in caplog.records]
    assert ["4.png" in messages[0], "8.png" in messages[1], len(messages)] == [True, True, 2]


def test_short_clips_are_left_out_with_one_warning(tmp_path, caplog):
    write_frames(tmp_path / "dance")
    for index in range(7):
        write_picture(tmp_path / "portraits" / f"p{index}.png", FRAMES[0][:, : 60 + index])
    assert [clip.name for clip in find_clips(tmp_path, minimum_frames=2)] == ["dance"]
    (record,) = caplog.records
    expected = "7 of 8 clips have fewer than 2 frames: portraits/p0, portraits/p1, portraits/p2"
    assert expected in record.getMessage()
    assert "p5" not in record.getMessage()
    with pytest.raises(ValueError, match="8 of 8 clips have fewer than 4 frames"):
        find_clips(tmp_path, minimum_frames=4)


def test_a_folder_without_clips(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "list.csv").touch()
    with pytest.raises(
        ValueError, match=r"no clips here .*\.mp4 .*\.png .*folders of such"
    ) as info:
        find_clips(tmp_path)
    assert str(tmp_path) in str(info.value)
    (tmp_path / "bad.mp4").touch()
    with pytest.raises(ValueError, match="1 broken files were skipped"):
        find_clips(tmp_path)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder"):
        find_clips(tmp_path / "nowhere")
    (tmp_path / "film.mp4").touch()
    with pytest.raises(NotADirectoryError, match=r"film\.mp4: is a file"):
        find_clips(tmp_path / "film.mp4")


def forbid(path):
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.chmod(0o700)
        pytest.skip("permissions do not bind the superuser")


@pytest.fixture(params=["permissions", "scandir"])
def locked(request, tmp_path, monkeypatch):
    """A folder that cannot be listed: really so, or as the system call would say it."""
    folder = tmp_path / "data" / "locked"
    write_frames(tmp_path / "data" / "open")
    write_frames(folder)
    if request.param == "permissions":
        forbid(folder)
        yield folder
        folder.chmod(0o700)
        return
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == str(folder):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        yield folder


def test_an_unreadable_folder(locked, caplog):
    message = rf"{locked}: cannot be listed \(Permission denied\); check its permissions"
    assert [clip.name for clip in find_clips(locked.parent)] == ["open"]
    (record,) = caplog.records
    assert "locked: cannot be listed (Permission denied)" in record.getMessage()
    with pytest.raises(PermissionError, match=message):
        find_clips(locked.parent, strict=True)
    with pytest.raises(PermissionError, match=message):
        find_clips(locked)


def test_an_unreadable_file(tmp_path, caplog):
    write_frames(tmp_path / "dance")
    for name in ("a.mp4", "b.png"):
        shutil.copy(tmp_path / "dance" / "0.png", tmp_path / name)
        forbid(tmp_path / name)
    assert [clip.name for clip in find_clips(tmp_path)] == ["dance"]
    assert [("Permission denied" in r.getMessage()) for r in caplog.records] == [True, True]


def test_real_strips():
    clips = find_clips(shared_folder("data") / "actions" / "train", strict=True, strips=True)
    assert len(clips) == 57
    assert {(clip.kind, clip.height, clip.width) for clip in clips} == {("strip", 64, 64)}
    assert (min(c.frames for c in clips), max(c.frames for c in clips)) == (51, 146)
