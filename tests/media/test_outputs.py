import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.outputs import check_output, write_output
from tests.animation.material import decoded, pixels
from tests.helpers import REPOSITORY

FRAMES = pixels(6)

# A limit on the size of files is as good as a full disk, and hits this process alone.
FULL_DISK = """
import resource, signal, sys
import numpy as np
from maskanim_tf.media.outputs import write_output
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
frames = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3)).astype(np.uint8)
for limit in sys.argv[2:]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    for name in ("a.mp4", "a.gif", "a.webp", "folder"):
        try:
            write_output(f"{sys.argv[1]}/{name}", frames, 25)
            print(name, "written")
        except OSError as error:
            print(error)
"""


def test_a_folder_holds_the_very_frames(tmp_path):
    folder = tmp_path / "new" / "frames"
    for frames in (FRAMES, FRAMES[:4]):  # The second time they replace the first ones.
        check_output(folder)
        assert write_output(folder, iter(frames), 25) == len(frames)
        assert os.listdir(folder.parent) == ["frames"]
        names = sorted(os.listdir(folder))
        assert names == [f"frame-{index:06d}.png" for index in range(len(frames))]
        for name, frame in zip(names, frames):
            np.testing.assert_array_equal(np.asarray(Image.open(folder / name)), frame)


def test_movies_are_chosen_by_their_ending(tmp_path):
    write_output(tmp_path / "A.MP4", FRAMES, 12.5)
    assert len(decoded(tmp_path / "A.MP4")[0]) == 6
    for ending, kind in (("gif", "GIF"), ("webp", "WEBP")):
        write_output(tmp_path / f"a.{ending}", FRAMES, 25)
        with Image.open(tmp_path / f"a.{ending}") as movie:
            assert (movie.format, movie.n_frames) == (kind, 6)


def test_other_endings_and_foreign_folders_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.avi: unknown ending \.avi; an output ends in \.mp4"):
        check_output(tmp_path / "a.avi")
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(ValueError, match=r"holds other things, letter\.txt for one"):
        check_output(tmp_path)
    with pytest.raises(ValueError, match="there is no frame"):
        write_output(tmp_path / "frames", [], 25)
    assert os.listdir(tmp_path) == ["letter.txt"]


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, name):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        write_output(tmp_path / "file" / name, FRAMES, 25)


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "folder"])
def test_an_error_or_an_interrupt_leaves_what_was_there(tmp_path, name):
    path = tmp_path / name
    write_output(path, FRAMES[:2], 25)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def interrupted():
        yield from FRAMES[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_output(path, interrupted(), 25)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path):
    whole = tmp_path / "whole.mp4"
    frames = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3)).astype(np.uint8)
    write_output(whole, frames, 25)
    size = whole.stat().st_size
    whole.unlink()
    # From the first byte to the last, which come when the index moves to the front.
    limits = [str(limit) for limit in (0, 3000, size // 2, size - 900, size - 1)]
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), *limits]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == 4 * len(limits)
    for index, line in enumerate(lines):
        name = ("a.mp4", "a.gif", "a.webp", "folder")[index % 4]
        # Single PNGs and the smaller WebP may fit below the larger limits.
        if name in ("a.mp4", "a.gif") or index < 8:
            assert f"{tmp_path}/{name}: cannot be written (File too large); check" in line
    failed = {line.split("/")[-1].split(":")[0] for line in lines if "cannot" in line}
    written = {line.split()[0] for line in lines if line.endswith("written")}
    assert {"a.mp4", "a.gif"} <= failed
    assert set(os.listdir(tmp_path)) == written


def test_an_output_that_is_an_input_is_refused(tmp_path):
    source = tmp_path / "a.mp4"
    source.write_bytes(b"film")
    os.link(source, tmp_path / "same.mp4")
    (tmp_path / "link.mp4").symlink_to(source)
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "frame-000000.png").write_bytes(b"frame")
    for output, read in (
        ("a.mp4", "a.mp4"),
        ("same.mp4", "a.mp4"),
        ("link.mp4", "a.mp4"),
        ("frames", "frames"),
    ):
        with pytest.raises(ValueError, match="would replace an input"):
            check_output(tmp_path / output, (tmp_path / read,))
    check_output(tmp_path / "b.mp4", (source, tmp_path / "frames"))


def test_a_file_without_an_ending_and_a_device_are_refused(tmp_path):
    (tmp_path / "letter").write_text("Dear")
    with pytest.raises(ValueError, match="letter: is a file, but an output without an ending"):
        check_output(tmp_path / "letter")
    with pytest.raises(ValueError, match="/dev/null: is a device"):
        check_output("/dev/null")


def test_frames_go_through_links_and_into_folders_that_stay(tmp_path):
    folder = tmp_path / "volume"
    folder.mkdir()
    (folder / ".DS_Store").write_text("other")
    (tmp_path / "link").symlink_to(folder)
    for frames in (FRAMES, FRAMES[:2]):
        check_output(tmp_path / "link")
        write_output(tmp_path / "link", frames, 25)
        names = [f"frame-{index:06d}.png" for index in range(len(frames))]
        assert sorted(os.listdir(folder)) == [".DS_Store", *names]
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "link.gif").symlink_to(tmp_path / "real.gif")
    write_output(tmp_path / "link.gif", FRAMES, 25)
    assert (tmp_path / "link.gif").is_symlink()
    assert len(decoded(tmp_path / "real.gif")[0]) == len(FRAMES)
