import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from maskanim_tf.media.plain_png import decode_plain_png

NOISE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)


def png(pixels=NOISE, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **options)
    return file.getvalue()


def with_chunk(content, name, body):
    """The file with one more chunk behind the header."""
    checksum = zlib.crc32(name + body)
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)
    return content[:33] + chunk + content[33:]


@pytest.mark.parametrize("pixels", [NOISE, NOISE[..., 0]], ids=["color", "grey"])
def test_pixels_are_those_of_pillow(pixels):
    wanted = np.asarray(Image.open(io.BytesIO(png(pixels))).convert("RGB"))
    np.testing.assert_array_equal(decode_plain_png(png(pixels)), wanted)


def test_files_of_opencv_with_many_chunks_are_plain():
    content = cv2.imencode(".png", np.tile(NOISE, (8, 8, 1))[..., ::-1])[1].tobytes()
    np.testing.assert_array_equal(decode_plain_png(content), np.tile(NOISE, (8, 8, 1)))


def test_gamma_and_resolution_do_not_matter():
    content = with_chunk(with_chunk(png(), b"gAMA", struct.pack(">I", 45455)), b"sRGB", b"\0")
    np.testing.assert_array_equal(decode_plain_png(content), NOISE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        png()[:60],
        png()[:-1],
        png()[:-12],
        with_chunk(png(), b"iCCP", b"x\0\0" + zlib.compress(b"profile")),
        with_chunk(png(), b"eXIf", b"II*\0"),
        with_chunk(png(), b"tRNS", bytes(6)),
        png(np.dstack((NOISE, NOISE[..., 0]))),
        png(NOISE[..., 0].astype(np.uint16) * 257),
        png(pnginfo=(lambda info: info.add_text("Raw profile type exif", "x") or info)(PngInfo())),
        cv2.imencode(".jpg", NOISE)[1].tobytes(),
    ],
    ids=[
        "empty",
        "head",
        "end",
        "iend",
        "profile",
        "exif",
        "transparent",
        "alpha",
        "deep",
        "text",
        "jpeg",
    ],
)
def test_anything_else_is_left_to_pillow(content):
    assert decode_plain_png(content) is None


def test_any_flipped_bit_is_noticed():
    content = bytearray(png())
    for place in range(33, len(content), 97):
        content[place] ^= 4
        assert decode_plain_png(bytes(content)) is None, place
        content[place] ^= 4
