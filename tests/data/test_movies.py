import cv2
import numpy as np
import pytest

from maskanim_tf.data.movies import write_movie


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
