import shutil

import pytest
from PIL import Image

from maskanim_tf.animation.pairs import Pair, animate_pairs, combine, holds_many, listed_pairs
from tests.animation.material import decoded, pixels
from tests.media.clip_files import write_picture, write_video


@pytest.fixture
def folder(tmp_path):
    write_picture(tmp_path / "sources" / "ann.png", pixels(1, seed=1)[0])
    write_picture(tmp_path / "sources" / "bob.jpg", pixels(1, seed=2)[0])
    (tmp_path / "sources" / "notes.txt").write_text("no picture")
    (tmp_path / "drivers").mkdir()
    write_video(tmp_path / "drivers" / "jump.mp4", pixels(3))
    for index, frame in enumerate(pixels(4)):
        write_picture(tmp_path / "drivers" / "walk" / f"{index}.png", frame)
    return tmp_path


def test_every_source_with_every_driver(folder):
    assert holds_many(folder / "sources", folder / "drivers")
    pairs = combine(folder / "sources", folder / "drivers", "out")
    assert [pair.output for pair in pairs] == [
        "out/ann-jump.mp4",
        "out/ann-walk.mp4",
        "out/bob-jump.mp4",
        "out/bob-walk.mp4",
    ]
    assert pairs[1].source == str(folder / "sources" / "ann.png")
    assert pairs[1].driving == str(folder / "drivers" / "walk")


def test_a_folder_of_frames_is_one_driver(folder):
    walk, picture = folder / "drivers" / "walk", folder / "sources" / "ann.png"
    assert not holds_many(picture, walk)
    assert [pair.driving for pair in combine(folder / "sources", walk, "out")] == [str(walk)] * 2
    (walk / "2.png").write_bytes(b"broken")
    assert not holds_many(picture, walk)
    # Animated pictures are clips of their own.
    shutil.rmtree(walk)
    walk.mkdir()
    first, second = (Image.fromarray(frame) for frame in pixels(2))
    for name in "ab":
        first.save(walk / f"{name}.webp", save_all=True, append_images=[second], lossless=True)
    assert holds_many(picture, walk)


def test_equal_names_keep_their_suffix(folder):
    write_picture(folder / "sources" / "ann.bmp", pixels(1)[0])
    outputs = [pair.output for pair in combine(folder / "sources", "d.mp4", "out")]
    assert outputs == ["out/ann.bmp-d.mp4", "out/ann.png-d.mp4", "out/bob-d.mp4"]
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no pictures and no videos"):
        combine(folder / "empty", "d.mp4", "out")


def test_a_table_names_its_pairs(folder):
    table = folder / "pairs.csv"
    here = str(folder / "drivers" / "walk")
    table.write_text(
        f"source,driving,output\nsources/ann.png,{here},\nsources/bob.jpg,absent.mp4,x.gif\n"
    )
    assert listed_pairs(table, "out") == [
        Pair(str(folder / "sources" / "ann.png"), here, "out/ann-walk.mp4"),
        Pair(str(folder / "sources" / "bob.jpg"), "absent.mp4", "out/x.gif"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source,video\na,b\n", "lacks 'driving'"),
        ("source,driving,speed\na,b,c\n", "does not know 'speed'"),
        ("source,driving\na,\n", "line 2: needs a source and a driver"),
        ("source,driving\na.png,b.mp4\na.jpg,b.mp4\n", r"2 pairs would be written to out/a-b\.mp4"),
        ("source,driving,output\na,b,c.avi\n", "unknown ending .avi"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, content, message):
    (tmp_path / "pairs.csv").write_text(content)
    with pytest.raises(ValueError, match=message):
        listed_pairs(tmp_path / "pairs.csv", "out")


def test_bad_pairs_are_reported_and_done_ones_are_skipped(generator, folder, caplog):
    (folder / "drivers" / "bad.mp4").write_bytes(b"no video")
    pairs = combine(folder / "sources", folder / "drivers", folder / "out")
    report = animate_pairs(generator, pairs)
    assert (report.written, report.skipped, report.failed) == (4, 0, 2)
    assert (
        sum("bad.mp4: no readable video" in record.getMessage() for record in caplog.records) == 2
    )
    assert len(decoded(folder / "out" / "bob-walk.mp4")[0]) == 4
    written = {path: path.stat().st_mtime_ns for path in (folder / "out").iterdir()}
    assert len(written) == 4
    report = animate_pairs(generator, pairs)
    assert (report.written, report.skipped, report.failed) == (0, 4, 2)
    assert {path: path.stat().st_mtime_ns for path in (folder / "out").iterdir()} == written
