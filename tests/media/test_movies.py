import cv2
import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.movies import write_movie


def frames(count=10, height=48, width=64):
    levels = np.linspace(20, 230, count).astype(np.uint8)
    return [np.full((height, width, 3), level, np.uint8) for level in levels]


def test_another_decoder_reads_it_back(tmp_path):
    path = tmp_path / "new" / "movie.mp4"
    assert write_movie(path, iter(frames()), 12.5) == 10
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    assert int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little") in (b"h264", b"avc1")
    for expected in frames():
        found, frame = capture.read()
        assert found
        assert abs(float(frame.mean()) - float(expected.mean())) < 3
    assert not capture.read()[0]
    assert list(path.parent.iterdir()) == [path]


def test_unusable_frames_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="frames are 63x48, but both must be even"):
        write_movie(tmp_path / "a.mp4", frames(width=63), 25)
    with pytest.raises(ValueError, match="there is no frame"):
        write_movie(tmp_path / "a.mp4", [], 25)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("ending", "fps"), [("gif", 30000 / 1001), ("webp", 25)])
def test_animated_pictures_are_read_by_pillow(tmp_path, ending, fps):
    path = tmp_path / f"movie.{ending}"
    assert write_movie(path, frames(width=63, height=41), fps) == 10
    with Image.open(path) as movie:
        assert (movie.n_frames, movie.size, movie.info["loop"]) == (10, (63, 41), 0)
        duration = 0
        for index, expected in enumerate(frames()):
            movie.seek(index)
            assert abs(np.asarray(movie.convert("RGB")).mean() - expected.mean()) < 3
            duration += movie.info["duration"]
    # GIF counts in hundredths of a second.
    assert duration == pytest.approx(1000 * 10 / fps, abs=10)


def test_every_picture_of_a_gif_has_a_palette_of_its_own(tmp_path):
    red, blue = (np.zeros((2, 32, 32, 3), np.uint8) for _ in range(2))
    red[..., 0] = blue[..., 2] = np.arange(256, dtype=np.uint8).reshape(8, 32).repeat(4, 0)
    path = tmp_path / "movie.gif"
    write_movie(path, [red[0], blue[0]], 10)
    with Image.open(path) as movie:
        for index, expected in enumerate((red[0], blue[0])):
            movie.seek(index)
            read = np.asarray(movie.convert("RGB")).astype(int)
            assert np.abs(read - expected).max() <= 4


def test_the_index_of_an_mp4_comes_first(tmp_path):
    write_movie(tmp_path / "movie.mp4", frames(), 25)
    content = (tmp_path / "movie.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.avi: a movie ends in one of \.mp4, \.webm, \.gif"):
        write_movie(tmp_path / "a.avi", frames(), 25)
