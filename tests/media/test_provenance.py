import av
import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.marking import marked
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.provenance import COMPOSED, MADE, TERMS, XMP_BOX, Provenance, today
from tests.media.test_movies import frames

NOTE = Provenance("maskanim 9.9", "cats & dogs", day="2031-05-04")
SENTENCE = "animated by maskanim 9.9 with the model cats & dogs on 2031-05-04."


def metadata(path):
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
        return {key.lower(): value for key, value in container.metadata.items()}, count


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_films_carry_the_note(tmp_path, ending):
    path = tmp_path / f"film.{ending}"
    write_movie(path, frames(), 25, note=NOTE)
    found, count = metadata(path)
    assert SENTENCE in found["comment"]
    assert "synthetic film" in found["comment"]
    assert count == 10
    if ending == "mp4":
        content = path.read_bytes()
        assert content.endswith(XMP_BOX.bytes + NOTE.xmp)
        assert (TERMS + MADE).encode() in content


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("channels", [3, 4])
def test_animated_pictures_carry_the_note(tmp_path, count, channels):
    pictures = [np.dstack([f, f[..., :1]])[..., :channels] for f in frames()[:count]]
    write_movie(tmp_path / "film.webp", pictures, 25, note=NOTE)
    write_movie(tmp_path / "bare.webp", pictures, 25)
    with Image.open(tmp_path / "film.webp") as movie, Image.open(tmp_path / "bare.webp") as bare:
        assert movie.info["xmp"] == NOTE.xmp
        assert "xmp" not in bare.info
        assert (movie.n_frames, movie.size, movie.mode) == (count, bare.size, bare.mode)
        for index in range(count):
            movie.seek(index)
            bare.seek(index)
            np.testing.assert_array_equal(np.asarray(movie), np.asarray(bare))
    if channels == 3:
        write_movie(tmp_path / "film.gif", pictures, 25, note=NOTE)
        with Image.open(tmp_path / "film.gif") as movie:
            assert movie.n_frames == count
            for index in range(count):
                movie.seek(index)
                movie.load()
        content = (tmp_path / "film.gif").read_bytes()
        assert content.endswith(b"What it shows did not happen.\x00\x3b")
        assert SENTENCE.encode() in content


def test_the_day_can_be_fixed(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86399")
    assert today() == "1970-01-01"
    assert Provenance("it").day == "1970-01-01"
    assert "animated by it on 1970-01-01" in Provenance("it").text
    assert COMPOSED in Provenance("it", composed=True).xmp.decode()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert today() > "2025"


@pytest.mark.parametrize("shape", [(128, 128, 3), (1080, 1920, 3), (64, 64, 4), (8, 8, 3)])
def test_a_mark_is_seen_in_a_corner_alone(shape):
    picture = np.full(shape, 120, np.uint8)
    picture[..., 3:] = 0
    result = marked(picture)
    changed = (result != picture).any(-1)
    assert changed.any()
    assert (picture[..., :3] == 120).all()
    height, width = shape[:2]
    if min(shape[:2]) > 8:
        # OpenCV 5 draws thinner letters than OpenCV 4.
        assert result[..., :3].max() > 190
        assert changed.mean() < 0.25
        assert not changed[: height // 2].any()
        assert not changed[:, round(0.98 * width) :].any()
    if shape[2] == 4:
        assert (result[changed][:, 3] == 255).all()
