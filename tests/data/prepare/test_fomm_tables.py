import numpy as np
import pytest

from maskanim_tf.data.index import find_clips
from maskanim_tf.data.prepare.boxes import read_boxes
from maskanim_tf.data.prepare.fomm_tables import convert
from maskanim_tf.media.clip_writer import write_video
from maskanim_tf.storage.csv_tables import write_table

HEADER = ["video_id", "start", "end", "bbox", "fps", "height", "width", "partition"]


@pytest.fixture
def videos(tmp_path):
    """A video of 20 frames at 10 fps, 64 wide and 32 high."""
    folder = tmp_path / "videos"
    frames = np.random.default_rng(0).integers(0, 255, (20, 32, 64, 3)).astype(np.uint8)
    write_video(str(folder / "abc.mp4"), frames, 10)
    return folder


def crops(tmp_path, rows, header=HEADER):
    write_table(tmp_path / "t.csv", header, rows)
    return str(tmp_path / "t.csv")


def test_frames_and_boxes_are_converted_to_the_download(tmp_path, videos):
    # Written for 20 fps and 128x64, twice what was downloaded.
    rows = [
        ["abc", 10, 31, "20-0-84-64", 20, 64, 128, "train"],
        ["gone", 0, 10, "0-0-64-64", 20, 64, 128, "test"],
    ]
    output = tmp_path / "out"
    assert convert(crops(tmp_path, rows), str(videos), str(output)) == (1, 1)
    (row,) = read_boxes(output / "boxes.csv")
    assert (row.clip, row.start, row.end, row.box) == ("train/abc", 5, 16, (10, 0, 42, 32))
    (clip,) = find_clips(output)
    assert (clip.name, clip.frames) == ("train/abc", 20)
    # Frame i is inside when its time is: 10/20 s <= i/10 s < 31/20 s.
    inside = [i for i in range(20) if 10 / 20 <= i / 10 < 31 / 20]
    assert [row.start, row.end - 1] == [inside[0], inside[-1]]


def test_persons_lead_the_names(tmp_path, videos):
    rows = [["abc#0001", 0, 8, "0-0-32-32", 10, 32, 64, "test", "id7"]]
    output = tmp_path / "out"
    convert(crops(tmp_path, rows, [*HEADER, "person_id"]), str(videos), str(output))
    (clip,) = find_clips(output)
    (row,) = read_boxes(output / "boxes.csv")
    assert row.part_of(clip).name == "id7#test/0001#abc#000000#000008"


def test_downloads_that_are_shorter_and_dangling_links(tmp_path, videos, caplog):
    (videos / "gone.mp4").symlink_to(videos / "nowhere.mp4")
    (videos / "broken.mp4").write_text("no video")
    rest = ["0-0-32-32", 10, 32, 64, "train"]
    rows = [["abc", 0, 8, *rest], ["abc", 15, 40, *rest], ["abc", 20, 40, *rest]]
    rows += [["gone", 0, 8, *rest], ["broken", 0, 8, *rest]]
    output = tmp_path / "out"
    # What an earlier call made for a download that has moved since.
    (output / "train").mkdir(parents=True)
    (output / "train" / "abc.mp4").symlink_to(videos / "moved.mp4")
    table = crops(tmp_path, rows, ["\ufeff" + HEADER[0], *HEADER[1:]])
    assert convert(table, str(videos), str(output)) == (2, 2)
    assert [(row.start, row.end) for row in read_boxes(output / "boxes.csv")] == [(0, 8), (15, 20)]
    assert (output / "train" / "abc.mp4").resolve() == (videos / "abc.mp4").resolve()
    assert "1 crops lie outside of their downloads" in caplog.text
    assert "the first is abc in line 4" in caplog.text
    assert "broken.mp4: no readable video" in caplog.text


def test_unusable_tables_are_named(tmp_path, videos):
    good = ["abc", 0, 8, "0-0-32-32", 10, 32, 64, "train"]
    output = str(tmp_path / "out")

    def run(rows, header=HEADER):
        return convert(crops(tmp_path, rows, header), str(videos), output)

    with pytest.raises(FileNotFoundError, match="there is no such table"):
        convert(str(tmp_path / "absent.csv"), str(videos), output)
    with pytest.raises(ValueError, match="the header lacks 'partition'"):
        run([good[:-1]], HEADER[:-1])
    with pytest.raises(ValueError, match="partition is 'val', but must be one of train, test"):
        run([[*good[:-1], "val"]])
    with pytest.raises(ValueError, match="the row of abc is not as published"):
        run([[*good[:3], "0-0-32", *good[4:]]])
    with pytest.raises(ValueError, match="holds none of the 1 videos"):
        run([["gone", *good[1:]]])
    (videos / "abc.mp4").write_text("no video")
    with pytest.raises(ValueError, match="holds none of the 1 videos"):
        run([good])
    assert not (tmp_path / "out" / "boxes.csv").exists()
