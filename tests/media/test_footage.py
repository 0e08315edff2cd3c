import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.clips import ClipError
from maskanim_tf.media.footage import claimed_pixels, open_footage
from tests.animation.material import moving_square, pixels
from tests.media.clip_files import numbered_frames, write_picture, write_video

ORIENTATION = 0x0112


def square(path, size=32, fit="crop", auto_crop=False):
    return open_footage(path).squares(size, fit, auto_crop).frame(0)


@pytest.mark.parametrize("ending", ["png", "bmp", "webp", "tiff", "ppm", "tga", "jp2"])
def test_any_format_is_read(tmp_path, ending):
    picture = pixels(1)[0]
    path = tmp_path / f"a.{ending}"
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(picture).save(path, **options)
    np.testing.assert_array_equal(square(path), picture)


def test_sixteen_bits_per_channel(tmp_path):
    picture = pixels(1)[0, ..., 0].astype(np.uint16) * 257
    write_picture(tmp_path / "a.tiff", picture)
    np.testing.assert_array_equal(square(tmp_path / "a.tiff")[..., 0], picture >> 8)


@pytest.mark.parametrize("ending", ["jpg", "png", "tiff"])
def test_orientation_is_heeded(tmp_path, ending):
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:16, :16] = 250
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # To be turned clockwise by a quarter.
    Image.fromarray(picture).save(tmp_path / f"a.{ending}", exif=exif)
    read = square(tmp_path / f"a.{ending}").astype(int)
    assert np.abs(read - np.rot90(picture, -1)).mean() < 3


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_transparent_pixels_lie_over_white(tmp_path, ending):
    picture = np.zeros((32, 32, 4), np.uint8)
    picture[:16] = (200, 0, 0, 255)
    picture[16:24] = (200, 0, 0, 102)
    Image.fromarray(picture).save(tmp_path / f"a.{ending}")
    read = square(tmp_path / f"a.{ending}").astype(int)
    for row, expected in ((0, (200, 0, 0)), (20, (233, 153, 153)), (30, (255, 255, 255))):
        assert np.abs(read[row, 5] - expected).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8000, 6000), (90, 500)])
def test_any_size_becomes_a_square(tmp_path, width, height):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (width, height), (10, 200, 30)).save(path)
    for fit in ("crop", "pad"):
        read = square(path, fit=fit, auto_crop=True).astype(int)
        assert read.shape == (32, 32, 3)
        assert np.abs(read[16, 16] - (10, 200, 30)).max() < 12


def test_aspect_ratio_is_kept(tmp_path):
    picture = np.full((32, 64, 3), 90, np.uint8)
    picture[:, :14] = picture[:, 50:] = 250
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert square(tmp_path / "a.png").max() < 100
    padded = square(tmp_path / "a.png", fit="pad")
    assert padded[:7].max() == 0
    assert padded[16, :6].min() > 240


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


def test_a_folder_without_frames_is_no_driver(tmp_path):
    with pytest.raises(ClipError, match="is no folder of frames"):
        open_footage(tmp_path)


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
