import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.clips import ClipError
from maskanim_tf.media.footage import claimed_pixels, open_footage
from tests.animation.material import moving_square, pixels
from tests.media.clip_files import numbered_frames, write_picture, write_video


def square(path, size=32, fit="crop", auto_crop=False):
    return open_footage(path).squares(size, fit, auto_crop).frame(0)


@pytest.mark.parametrize("ending", ["png", "bmp", "webp", "tiff", "ppm", "tga", "jp2"])
def test_any_format_is_read(tmp_path, ending):
    picture = pixels(1)[0]
    path = tmp_path / f"a.{ending}"
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(picture).save(path, **options)
    np.testing.assert_array_equal(square(path), picture)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3000, 2000), (90, 500)])
def test_any_size_becomes_a_square(tmp_path, width, height):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (width, height), (10, 200, 30)).save(path)
    for fit in ("crop", "pad"):
        read = square(path, fit=fit, auto_crop=True).astype(int)
        assert read.shape == (32, 32, 3)
        assert np.abs(read[16, 16] - (10, 200, 30)).max() < 12


def test_a_video_is_cropped_around_what_moves(tmp_path):
    path = write_video(tmp_path / "a.mp4", moving_square())
    whole, cropped = (square(path, 64, auto_crop=crop) for crop in (False, True))
    assert (cropped > 200).mean() > 1.5 * (whole > 200).mean() > 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", "a.png: the file is empty"),
        ("a.jpg", b"no picture", "a.jpg: it holds no picture that is known"),
        ("a.xyz", b"no picture", "a.xyz: it holds no picture that is known"),
        ("a.tiff", b"II*\x00", "a.tiff"),
        ("a.mp4", b"no video", "a.mp4: no readable video"),
    ],
)
def test_unreadable_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClipError, match=message):
        open_footage(tmp_path / name)


@pytest.mark.parametrize("name", ["absent.png", "absent.tiff", "absent.mp4", "absent"])
def test_missing_files_are_named(tmp_path, name):
    with pytest.raises(ClipError, match=f"{name}: cannot be read"):
        open_footage(tmp_path / name)


def test_claimed_pixels(tmp_path):
    frames = numbered_frames(2)
    area = frames.shape[1] * frames.shape[2]
    assert claimed_pixels(write_video(tmp_path / "a.mp4", frames)) == area
    assert claimed_pixels(write_picture(tmp_path / "a.png", frames[0])) == area
    assert claimed_pixels(write_picture(tmp_path / "a.tiff", frames[0])) == area
    for name in ("a.mkv", "b.png", "b.tiff"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(ClipError, match=name):
            claimed_pixels(tmp_path / name)
