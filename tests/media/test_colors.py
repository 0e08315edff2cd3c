"""Colours of films: matrix, range, high dynamic range, transparency; against H.273 and BT.2100."""

import av
import numpy as np
import pytest

from maskanim_tf.media.clips import iterate_frames, probe_clip
from maskanim_tf.media.tone_mapping import map_tones, roll_off
from tests.media.clip_files import rgb_frames
from tests.media.films import MATRICES, flat_planes, write_frames

COLORS = ((191, 31, 63), (20, 200, 90), (250, 240, 230))
LIMITED, FULL = 1, 2


def shown(path, count):
    frames = list(iterate_frames(probe_clip(path)))
    assert len(frames) == count
    return np.array([frame[frame.shape[0] // 2, frame.shape[1] // 2] for frame in frames], int)


def assert_true_colors(path, tolerance=3):
    np.testing.assert_allclose(shown(path, 3), COLORS, rtol=0, atol=tolerance, err_msg=path.name)


@pytest.mark.parametrize(
    ("codec", "suffix", "pixel_format", "bits"),
    [
        ("libx264", "mp4", "yuv420p", 8),
        ("libx264", "mkv", "yuv420p10le", 10),
        ("libx265", "mp4", "yuv420p", 8),
        ("libvpx-vp9", "webm", "yuv420p", 8),
        ("libsvtav1", "mp4", "yuv420p", 8),
    ],
)
def test_colors_are_true_whatever_the_matrix_and_the_range(
    codec, suffix, pixel_format, bits, tmp_path
):
    for matrix, (_, _, number) in MATRICES.items():
        for full in (False, True):
            frames = [flat_planes(c, matrix, full, bits, pixel_format, 64) for c in COLORS]
            path = write_frames(
                tmp_path / f"{matrix}{full}.{suffix}",
                frames,
                codec,
                colorspace=number,
                color_range=FULL if full else LIMITED,
            )
            assert_true_colors(path)


@pytest.mark.parametrize(("side", "matrix"), [(64, "smpte170m"), (592, "bt709")])
def test_an_unnamed_matrix_is_guessed_by_height(side, matrix, tmp_path):
    frames = [flat_planes(color, matrix, False, 8, "yuv420p", side) for color in COLORS]
    assert_true_colors(write_frames(tmp_path / "a.mp4", frames, "libx264"))


def test_jpeg_range_is_known_by_the_pixel_format(tmp_path):
    frames = [flat_planes(color, "smpte170m", True, 8, "yuvj420p", 64) for color in COLORS]
    path = write_frames(tmp_path / "a.avi", frames, "mjpeg", options={"qmin": "1", "qmax": "1"})
    assert_true_colors(path, tolerance=4)


def grey(light, transfer):
    """The 10-bit limited level of a grey that shines with some cd/m2, by BT.2100's tables 4, 5."""
    if transfer == 16:
        power = (light / 10000) ** (2610 / 16384)
        level = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    else:
        scene = (light / 1000) ** (1 / 1.2)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        level = np.sqrt(3 * scene) if scene <= 1 / 12 else a * np.log(12 * scene - b) + c
    return round((16 + 219 * level) * 4)


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_becomes_standard(transfer, tmp_path):
    lights = [0, 10, 50, 100, 203, 500, 1000]
    frames = []
    for light in lights:
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        for plane, level in zip(frame.planes, (grey(light, transfer), 512, 512)):
            plane.update(np.full(plane.buffer_size // 2, level, np.uint16).tobytes())
        frames.append(frame)
    path = write_frames(
        tmp_path / "a.mkv",
        frames,
        "libx264",
        colorspace=9,
        color_primaries=9,
        color_trc=transfer,
        color_range=LIMITED,
    )
    found = shown(path, len(lights))
    assert np.ptp(found, axis=1).max() <= 1  # Grey stays grey.
    levels = found[:, 0]
    # Below the knee the light of a screen whose white is 203 cd/m2, by sRGB's equation.
    for light, level in zip(lights[1:4], levels[1:4]):
        linear = light / 203
        assert level == pytest.approx(255 * (1.055 * linear ** (1 / 2.4) - 0.055), abs=2)
    assert levels[0] <= 1
    assert (np.diff(levels) > 0).all()
    assert 225 < levels[4] < 250
    assert levels[-1] >= 253


def test_tones_are_mapped_without_steps():
    light = np.linspace(0, 6, 1000)
    squeezed = roll_off(light)
    assert (np.diff(squeezed) >= 0).all()
    assert squeezed.max() == pytest.approx(1, abs=1e-6)
    assert np.abs(np.diff(squeezed)).max() <= light[1] + 1e-9
    saturated = np.zeros((1, 1, 3), np.uint16)
    saturated[..., 0] = 40000
    red = map_tones(saturated, "pq")[0, 0]
    assert red[0] > max(red[1:])


@pytest.mark.parametrize(
    ("codec", "suffix", "pixel_format", "metadata"),
    [
        ("ffv1", "mkv", "bgra", {}),
        ("prores_ks", "mov", "yuva444p10le", {}),
        ("libvpx-vp9", "webm", "yuva420p", {"alpha_mode": "1"}),
        ("png", "mov", "rgba", {}),
    ],
)
def test_transparent_pixels_lie_over_white(codec, suffix, pixel_format, metadata, tmp_path):
    pixels = np.zeros((3, 64, 64, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[..., 3] = 255
    pixels[:, :32, :32, 3] = 0
    pixels[:, 32:, :32, 3] = 102
    path = write_frames(
        tmp_path / f"a.{suffix}", rgb_frames(pixels, pixel_format), codec, metadata=metadata
    )
    for frame in iterate_frames(probe_clip(path)):
        for place, color in (
            ((10, 10), (255, 255, 255)),
            ((50, 10), (233, 153, 153)),
            ((32, 55), (200, 0, 0)),
        ):
            assert np.abs(frame[place].astype(int) - color).max() <= 4


def test_an_unused_byte_beside_raw_colors_is_no_transparency(tmp_path):
    pixels = np.full((2, 16, 16, 4), (10, 100, 200, 0), np.uint8)
    path = write_frames(tmp_path / "a.avi", rgb_frames(pixels, "bgra"), "rawvideo")
    for frame in iterate_frames(probe_clip(path)):
        np.testing.assert_array_equal(frame[3, 3], (10, 100, 200))
