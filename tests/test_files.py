import pytest

from maskanim_tf.files import atomic_path


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
