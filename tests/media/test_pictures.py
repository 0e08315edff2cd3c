"""Every way in which a picture is stored shows the same scene: upright, sRGB, over white."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from maskanim_tf.media.animations import read_header
from maskanim_tf.media.errors import ClipError
from maskanim_tf.media.pictures import claimed_size, encoded_size, read_picture, upright_size
from tests.media.clip_files import png_chunk, write_picture

HEIGHT, WIDTH = 24, 40


def scene():
    """uint8 `[24, 40, 3]`: four flat quarters, so that lossy formats keep them and turns show."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:12, :20], picture[:12, 20:] = (200, 40, 30), (30, 160, 60)
    picture[12:, :20], picture[12:, 20:] = (40, 60, 190), (230, 220, 60)
    return picture


# How a viewer turns what is stored, by EXIF orientation.
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: np.rot90,
}
FORMATS = {
    "jpg": {"quality": 95, "subsampling": 0},
    "png": {},
    "webp": {"lossless": True},
    "tiff": {},
    "avif": {"quality": 95, "subsampling": "4:4:4"},
}
TOLERANCE = {"jpg": 6, "avif": 6}


def read_back(path):
    shown = read_picture(path)
    assert upright_size(path) == shown.shape[:2]
    header = read_header(path)
    assert sorted(header[:2]) == sorted(shown.shape[:2])
    assert not header.animated
    return shown


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_exif_turns_every_format(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(scene()).save(path, exif=exif, **FORMATS[suffix])
    shown, expected = read_back(path), TURNS[orientation](scene())
    assert shown.shape == expected.shape
    inside = np.abs(shown.astype(int) - expected)[2:-2, 2:-2]
    # Edges of the quarters blur where colours are stored with fewer pixels.
    assert np.quantile(inside, 0.8) <= TOLERANCE.get(suffix, 0)
    assert np.median(inside) <= TOLERANCE.get(suffix, 0)


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_and_transparency_together(tmp_path, suffix, orientation):
    stored = np.dstack([scene(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    stored[:6, :, 3], stored[6:12, :, 3] = 0, 128
    exif = Image.Exif()
    exif[0x112] = orientation
    Image.fromarray(stored).save(tmp_path / f"a.{suffix}", exif=exif, **FORMATS[suffix])
    alpha = stored[..., 3:] / 255
    expected = TURNS[orientation](np.rint(scene() * alpha + 255 * (1 - alpha)))
    shown = read_back(tmp_path / f"a.{suffix}")
    assert np.abs(shown.astype(float) - expected).max() <= 1


def test_exif_behind_the_pixels_of_a_png(tmp_path):
    Image.fromarray(scene()).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    body = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x112, 3, 1, 6, 0, 0)
    (tmp_path / "a.png").write_bytes(data[:-12] + png_chunk(b"eXIf", body) + data[-12:])
    np.testing.assert_array_equal(read_back(tmp_path / "a.png"), TURNS[6](scene()))


# Display P3: the primaries of DCI-P3, the white and the tone curve of sRGB, adapted to D50.
P3_PRIMARIES = (
    (0.51512, 0.2412, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.1571, 0.06657, 0.78407),
)
D50 = (0.9642, 1.0, 0.8249)
TO_LINEAR_SRGB = np.array(
    [[1.22494, -0.22494, 0.0], [-0.04206, 1.04206, 0.0], [-0.01964, -0.07864, 1.09827]]
)


def p3_profile(gamma=None):
    """An ICC profile with matrix and curve, that of sRGB or a plain power, written by hand."""

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += b"".join(map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    if gamma:
        curve = b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + fixed(gamma)
    name = b"Display P3\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": xyz(D50)}
    tags |= {c + b"XYZ": xyz(p) for c, p in zip((b"r", b"g", b"b"), P3_PRIMARIES)}
    tags |= {c + b"TRC": curve for c in (b"r", b"g", b"b")}
    table, content, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, body in tags.items():
        body += bytes(-len(body) % 4)
        table += tag + struct.pack(">II", start + len(content), len(body))
        content += body
    header = struct.pack(
        ">I4sI4s4s4s", start + len(content), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, D50))
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + content


def p3_in_srgb(color):
    """What a colour of Display P3 is in sRGB, by the definitions of both."""
    values = np.asarray(color) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ TO_LINEAR_SRGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_display_p3_becomes_srgb(tmp_path, suffix, mode):
    if mode == "RGBA" and suffix == "jpg":
        mode = "RGB"
    color = (220, 60, 40)
    image = Image.new("RGB", (WIDTH, HEIGHT), color).convert(mode)
    image.save(tmp_path / f"a.{suffix}", icc_profile=p3_profile(), **FORMATS[suffix])
    expected = p3_in_srgb(color)
    assert np.abs(expected - color).max() > 8
    assert np.abs(read_back(tmp_path / f"a.{suffix}") - expected).max() <= 3


def test_the_curve_of_a_profile_counts(tmp_path):
    Image.new("RGB", (WIDTH, HEIGHT), (220, 60, 40)).save(
        tmp_path / "a.jpg", icc_profile=p3_profile(gamma=2.2), **FORMATS["jpg"]
    )
    assert np.abs(read_back(tmp_path / "a.jpg") - (241.0, 30, 4)).max() <= 3


def test_profiles_of_srgb_broken_ones_and_those_of_other_modes_change_nothing(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile", p3_profile()[:200]):
        Image.fromarray(scene()).save(tmp_path / "a.png", icc_profile=profile)
        np.testing.assert_array_equal(read_back(tmp_path / "a.png"), scene())
    grey = Image.fromarray(scene()).convert("L")
    grey.save(tmp_path / "a.png", icc_profile=p3_profile())
    np.testing.assert_array_equal(read_back(tmp_path / "a.png")[..., 0], np.asarray(grey))


def test_modes_of_pixels(tmp_path):
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (9, 7), np.uint8)
    three = np.repeat(grey[..., None], 3, -1)
    deep = grey.astype(np.uint16) << 8 | rng.integers(0, 256, (9, 7), np.uint16)
    color = rng.integers(0, 256, (9, 7, 3), np.uint8)
    alpha = grey[..., None].astype(float)
    palette = Image.fromarray(scene()).quantize(4)
    shown = np.asarray(palette.convert("RGB"))

    def keyed(stored, shown, key):
        return np.where((np.asarray(stored) == key)[..., None], 255, shown)

    by_opencv = {
        "deep.pgm": (deep, three),
        "deep_color.png": (color.astype(np.uint16) * 257, color),
        "deep_alpha.png": (
            np.dstack([color, grey]).astype(np.uint16) * 257,
            np.rint(color * (alpha / 255) + 255 - alpha),
        ),
    }
    by_pillow = {
        **dict.fromkeys(("deep.png", "deep.tiff"), (deep, three)),
        **dict.fromkeys(("grey.png", "grey.jp2", "grey.tga"), (grey, three)),
        "grey_alpha.png": (
            np.dstack([grey, 255 - grey]),
            np.rint(three * ((255 - alpha) / 255) + alpha),
        ),
        "floating.tiff": (grey / np.float32(255), three),
        **dict.fromkeys(("palette.png", "palette.bmp"), (palette, shown)),
        "bits.png": (grey > 128, np.where(three > 128, 255, 0)),
    }
    keys = {
        "key.png": (grey, keyed(grey, three, grey[0, 0]), int(grey[0, 0])),
        "deep_key.png": (deep, keyed(deep, three, deep[0, 0]), int(deep[0, 0])),
        "palette_key.png": (palette, keyed(palette, shown, 3), 3),
    }
    for name, (stored, _) in by_opencv.items():
        write_picture(tmp_path / name, stored)
    for name, (stored, _, *key) in (by_pillow | keys).items():
        image = stored if isinstance(stored, Image.Image) else Image.fromarray(stored)
        image.save(tmp_path / name, **({"transparency": key[0]} if key else {}))
    for name, (_, expected, *_) in (by_opencv | by_pillow | keys).items():
        np.testing.assert_array_equal(read_back(tmp_path / name), expected, err_msg=name)


def test_cmyk_and_lab(tmp_path):
    ink = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    ink[..., 1] = 255
    Image.fromarray(ink, "CMYK").save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(ink, "CMYK").save(tmp_path / "a.tiff")
    for name in ("a.jpg", "a.tiff"):
        assert np.abs(read_back(tmp_path / name).astype(int) - (255, 0, 255)).max() <= 3
    lab = ImageCms.profileToProfile(
        Image.fromarray(scene()),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    lab.save(tmp_path / "lab.tiff")
    assert np.abs(read_back(tmp_path / "lab.tiff").astype(int) - scene()).max() <= 4


def test_a_png_with_wrong_pixels_is_damaged(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(scene()).save(path)
    content = bytearray(path.read_bytes())
    content[45:-20] = bytes(len(content) - 65)
    path.write_bytes(content)
    for read in (read_picture, upright_size):
        with pytest.raises(ClipError, match=r"a\.png: it is damaged \(a checksum is wrong\)"):
            read(path)


def test_the_fast_way_gives_the_same_pixels(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    noise = cv2.GaussianBlur(noise, (5, 5), 0)
    plain, other = tmp_path / "plain.png", tmp_path / "other.png"
    Image.fromarray(noise).save(plain)
    exif = Image.Exif()
    exif[0x10F] = "A camera"
    Image.fromarray(noise).save(other, exif=exif)
    np.testing.assert_array_equal(read_back(plain), read_back(other))
    np.testing.assert_array_equal(read_back(plain), np.asarray(Image.open(plain)))


def test_a_telephone_s_two_pictures_in_one_file_are_one_picture(tmp_path):
    first = Image.fromarray(scene())
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (20, 12))])
    shown = read_back(tmp_path / "a.jpg")
    assert shown.shape == (HEIGHT, WIDTH, 3)
    assert np.median(np.abs(shown.astype(int) - scene())) <= 6


def test_a_claim_of_many_pixels_is_read_without_decoding(tmp_path):
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(9))), (b"IEND", b"")):
        data += png_chunk(name, body)
    (tmp_path / "a.png").write_bytes(data)
    height, width = claimed_size(tmp_path / "a.png")
    assert height * width > 10**9
    assert encoded_size(data) == (height, width)
    with pytest.raises(ClipError, match=r"a\.png: has too many pixels"):
        read_picture(tmp_path / "a.png")
    assert encoded_size(b"II*\0") is None


@pytest.mark.parametrize("suffix", [*FORMATS, "bmp", "jp2"])
def test_damage_is_read_over_or_named(tmp_path, suffix, capfd):
    rng = np.random.default_rng(0)
    stream = io.BytesIO()
    form = {"jpg": "JPEG", "jp2": "JPEG2000"}.get(suffix, suffix)
    Image.fromarray(scene()).save(stream, form, **FORMATS.get(suffix, {}))
    path = tmp_path / f"a.{suffix}"
    complaints = []
    for _ in range(40):
        content = bytearray(stream.getvalue())
        for place in rng.integers(0, len(content), 6):
            content[place] = rng.integers(0, 256)
        path.write_bytes(content)
        try:
            assert read_picture(path).shape[-1] == 3
        except ClipError as error:
            complaints.append(str(error))
    assert all(str(path) in complaint for complaint in complaints)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [*FORMATS, "bmp"])
def test_what_is_wrong_with_a_file_is_said(tmp_path, suffix, capfd):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    stream = io.BytesIO()
    form = {"jpg": "JPEG"}.get(suffix, suffix)
    Image.fromarray(noise).save(stream, form, **FORMATS.get(suffix, {}))
    whole = stream.getvalue()
    path = tmp_path / f"a.{suffix}"
    ends_are_known = suffix not in ("tiff", "avif")
    again = "copy or download it again"
    cut_short = f"it is cut short; {again}" if ends_are_known else again
    contents = {
        b"": "the file is empty",
        b"a diary, not a picture": "holds no picture that is known",
        whole[: len(whole) * 7 // 10]: cut_short,
        whole[:30]: cut_short if ends_are_known else "",
    }
    for content, message in contents.items():
        path.write_bytes(content)
        for read in (read_picture, upright_size):
            with pytest.raises(ClipError, match=rf"a\.{suffix}: .*{message}"):
                read(path)
    if ends_are_known:
        path.write_bytes(whole + bytes(10_000))
        read_back(path)
    assert capfd.readouterr().err == ""
