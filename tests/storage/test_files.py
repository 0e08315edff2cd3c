import os

import pytest

from maskanim_tf.media.clip import is_finished
from maskanim_tf.storage.files import atomic_path, check_writable


def test_file_appears_only_when_whole(tmp_path):
    final = tmp_path / "new" / "result.txt"
    with atomic_path(final) as partial:
        assert partial.suffix == ".txt"
        partial.write_text("whole")
        assert not final.exists()
    assert final.read_text() == "whole"
    assert list(final.parent.iterdir()) == [final]


def test_a_whole_folder_takes_the_place_of_an_old_one(tmp_path):
    final = tmp_path / "frames"
    for content in ("old", "new"):
        with atomic_path(final) as partial:
            partial.mkdir()
            (partial / content).write_text(content)
    assert [path.name for path in final.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_what_stood_there(tmp_path, error):
    final = tmp_path / "result.txt"
    final.write_text("old")

    def fail():
        with atomic_path(final) as partial:
            partial.write_text("half")
            raise error("stopped")

    with pytest.raises(error):
        fail()
    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_links_stay_and_what_they_point_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "clip.mp4"
    link = tmp_path / "link.mp4"
    link.symlink_to(target)  # Dangling at first.
    for content in ("first", "second"):
        with atomic_path(link) as partial:
            assert partial.suffix == ".mp4"
            partial.write_text(content)
        assert link.is_symlink()
        assert target.read_text() == content
    assert sorted(os.listdir(tmp_path)) == ["link.mp4", "real"]
    assert os.listdir(target.parent) == ["clip.mp4"]


@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_that_exists_stays_and_gets_the_new_files(tmp_path, linked):
    """As a mount point must, which can be neither renamed nor removed."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("old", "both", ".hidden"):
        (folder / name).write_text("old")
    (folder / "lost+found").mkdir()
    path = tmp_path / "link" if linked else folder
    if linked:
        path.symlink_to(folder)
    before = folder.stat().st_ino
    with atomic_path(path) as partial:
        partial.mkdir()
        for name in ("both", "new"):
            (partial / name).write_text("new")
        assert (folder / "old").exists()
    assert folder.stat().st_ino == before
    assert sorted(os.listdir(folder)) == [".hidden", "both", "lost+found", "new"]
    assert (folder / "both").read_text() == "new"


def test_nothing_written_deletes_nothing(tmp_path):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "old").write_text("old")
    with (
        pytest.raises(OSError, match="frames: nothing was written"),
        atomic_path(tmp_path / "frames"),
    ):
        pass
    assert (tmp_path / "frames" / "old").read_text() == "old"
    assert os.listdir(tmp_path / "frames") == ["old"]


@pytest.mark.parametrize("name", ["n" * 251 + ".mp4", "ü" * 125 + "n.mp4", "n" * 255])
def test_names_of_255_bytes_can_be_written(tmp_path, name):
    assert len(os.fsencode(name)) == 255
    with atomic_path(tmp_path / name) as partial:
        assert not is_finished(partial.name)
        partial.write_text("whole")
    assert os.listdir(tmp_path) == [name]


def test_a_device_is_no_output():
    with pytest.raises(OSError, match="/dev/null: is no file"), atomic_path("/dev/null"):
        pass
    assert not os.path.isfile("/dev/null")


def test_places_that_cannot_be_written_are_known_before(tmp_path):
    check_writable(tmp_path / "new" / "deeper" / "clip.mp4")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("")
    for name in ("file/clip.mp4", "n" * 256):
        with pytest.raises(OSError, match="cannot be written"):
            check_writable(tmp_path / name)
    with pytest.raises(OSError, match="cannot be written"):
        check_writable("/proc/clip.mp4")
