import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.plain_png import decode_plain_png
from tests.media.clip_files import png_chunk

NOISE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)


def png(pixels=NOISE, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **options)
    return file.getvalue()


def with_chunk(content, name, body):
    """The file with one more chunk behind the header."""
    return content[:33] + png_chunk(name, body) + content[33:]


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


OTHERS = {
    "empty": b"",
    "head": png()[:60],
    "end": png()[:-1],
    "iend": png()[:-12],
    "profile": with_chunk(png(), b"iCCP", b"x\0\0" + zlib.compress(b"profile")),
    "exif": with_chunk(png(), b"eXIf", b"II*\0"),
    "transparent": with_chunk(png(), b"tRNS", bytes(6)),
    "alpha": png(np.dstack((NOISE, NOISE[..., 0]))),
    "deep": png(NOISE[..., 0].astype(np.uint16) * 257),
    "text": with_chunk(png(), b"tEXt", b"Raw profile type exif\0x"),
    "jpeg": cv2.imencode(".jpg", NOISE)[1].tobytes(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_anything_else_is_left_to_pillow(name):
    assert decode_plain_png(OTHERS[name]) is None


def test_any_flipped_bit_is_noticed():
    content = bytearray(png())
    for place in range(33, len(content), 97):
        content[place] ^= 4
        assert decode_plain_png(bytes(content)) is None, place
        content[place] ^= 4
