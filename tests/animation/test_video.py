import tracemalloc
from fractions import Fraction

import cv2
import numpy as np
import pytest

from maskanim_tf import keys
from maskanim_tf.animation import AnimationOptions, generate_frames
from maskanim_tf.animation.generation import generate_masks
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.media.panels import draw_panel
from maskanim_tf.ops.pixels import as_bytes
from tests.animation.material import SIZE, decoded, frames_of, pixels
from tests.media.clip_files import heard, sound_packets, write_picture, write_sounding_video
from tests.media.clip_files import write_video as write_silent_video

NTSC = Fraction(30000, 1001)
COUNT = 45


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A source picture, a driver with sound, and the same as exact frames."""
    path = tmp_path_factory.mktemp("inputs")
    write_picture(path / "source.png", pixels(1, seed=9)[0])
    driver = np.concatenate([pixels(COUNT), np.zeros((COUNT, SIZE, 16, 3), np.uint8)], 2)
    write_sounding_video(path / "driver.mp4", driver, NTSC)
    for index, frame in enumerate(pixels(10)):
        write_picture(path / "frames" / f"{index}.png", frame)
    return path


def test_length_rate_and_sound_are_those_of_the_driver(animate, folder, tmp_path):
    inputs = folder / "source.png", folder / "driver.mp4"
    output, done = animate(*inputs, "out.mp4", view="side_by_side")
    assert (done.frames, done.source_frame, done.first_frame) == (COUNT, 0, 0)
    frames, rate = decoded(output)
    assert frames.shape == (COUNT, SIZE, 3 * SIZE, 3)
    assert rate == pytest.approx(float(NTSC))
    assert sound_packets(output) == sound_packets(folder / "driver.mp4")
    assert heard(output)[1] == pytest.approx(float(COUNT / NTSC), abs=0.05)
    # No frame is lost or doubled: each stands beside its own driver.
    read = np.stack([fit_square(frame, SIZE) for frame in decoded(folder / "driver.mp4")[0]])
    for index, frame in enumerate(frames):
        distances = np.abs(read.astype(float) - frame[:, SIZE : 2 * SIZE]).mean((1, 2, 3))
        assert np.argmin(distances) == index
    assert list(tmp_path.iterdir()) == [output]


def test_silence_on_demand_or_without_a_sound_track(animate, folder, tmp_path):
    silent = write_silent_video(tmp_path / "silent.mp4", pixels(3))
    for driver, audio in ((folder / "driver.mp4", "none"), (silent, "driving")):
        output, _ = animate(folder / "source.png", driver, "out.mp4", audio=audio)
        with pytest.raises(IndexError):
            heard(output)


def test_views(generator, animate, folder):
    source = pixels(1, seed=9)[0]
    # In batches of the same size: rounding decides which pixels lie below the median of a mask.
    made = list(generate_frames(generator, source, pixels(10), batch_size=3))
    results = [as_bytes(result[keys.FRAME]) for result in made]
    expected = {
        "result": results,
        "side_by_side": [np.hstack([source, d, r]) for d, r in zip(pixels(10), results)],
        "all": [draw_panel({k: v[None] for k, v in result.items()}, cell=128) for result in made],
    }
    for view, pictures in expected.items():
        inputs = folder / "source.png", folder / "frames"
        output, _ = animate(*inputs, view, view=view, batch_size=3)
        np.testing.assert_array_equal(frames_of(output), np.stack(pictures))


def test_output_size(animate, folder):
    inputs = folder / "source.png", folder / "frames", "out.mp4"
    output, _ = animate(*inputs, output_size=80, view="side_by_side")
    assert decoded(output)[0].shape == (10, 80, 240, 3)
    with pytest.raises(ValueError, match="output_size is 81, but must be even"):
        AnimationOptions(output_size=81)


def test_smoothing_of_nothing_changes_nothing_and_of_all_stands_still(animate, folder):
    plain, none, whole = (
        frames_of(animate(folder / "source.png", folder / "frames", f"out{n}", **options)[0])
        for n, options in enumerate(({}, {"smooth_masks": 0.0}, {"smooth_masks": 1.0}))
    )
    np.testing.assert_array_equal(plain, none)
    assert (whole == plain[0]).all()
    assert (plain[1] != plain[0]).any()


def test_the_best_driving_frame_comes_first(animate, folder, tmp_path):
    # The sixth frame of the driver is the source itself.
    source = tmp_path / "source.png"
    write_picture(source, pixels(10)[6])
    best, done = animate(source, folder / "frames", "best", find_best_frame=True)
    assert (done.first_frame, done.source_frame, done.frames) == (6, 0, 4)
    whole, _ = animate(source, folder / "frames", "whole")
    np.testing.assert_array_equal(frames_of(best), frames_of(whole)[6:])


def test_sound_begins_with_the_best_frame(generator, animate, folder, tmp_path):
    read, _ = decoded(folder / "driver.mp4")
    write_picture(tmp_path / "source.png", read[9])
    squares = [fit_square(frame, SIZE) for frame in read]
    masks = np.stack(list(generate_masks(generator, squares)))
    assert np.argmin(np.abs(masks - masks[9]).mean((1, 2, 3))) == 9
    inputs = tmp_path / "source.png", folder / "driver.mp4"
    output, done = animate(*inputs, "out.mp4", find_best_frame=True)
    assert (done.first_frame, done.frames) == (9, COUNT - 9)
    assert heard(output)[2] == pytest.approx(0.5 - 9 / float(NTSC), abs=0.03)


def test_a_source_video_gives_its_first_or_its_best_frame(generator, animate, folder, tmp_path):
    for name, frame in (("0", pixels(1, seed=3)[0]), ("1", pixels(1)[0])):
        write_picture(tmp_path / "source" / f"{name}.png", frame)
    for best, expected in ((False, pixels(1, seed=3)[0]), (True, pixels(1)[0])):
        inputs = tmp_path / "source", folder / "frames", f"out-{best}"
        output, done = animate(*inputs, find_best_frame=best)
        assert (done.source_frame, done.first_frame, done.frames) == (int(best), 0, 10)
        made = next(generate_frames(generator, expected, pixels(10)))
        np.testing.assert_array_equal(frames_of(output)[0], as_bytes(made[keys.FRAME]))


@pytest.mark.parametrize("driver", ["one.mp4", "one.png"])
def test_one_driving_frame_makes_one_frame(animate, folder, tmp_path, driver):
    if driver == "one.mp4":
        write_silent_video(tmp_path / driver, pixels(1))
    else:
        write_picture(tmp_path / driver, pixels(1)[0])
    for name in ("out.mp4", "out.gif", "out.webp", "frames"):
        _, done = animate(folder / "source.png", tmp_path / driver, name)
        assert done.frames == 1
    assert len(decoded(tmp_path / "out.mp4")[0]) == 1


def test_a_driver_that_breaks_off_leaves_no_output(animate, folder, tmp_path):
    for index, frame in enumerate(pixels(4)):
        write_picture(tmp_path / "frames" / f"{index}.png", frame)
    third = tmp_path / "frames" / "3.png"
    data = bytearray(third.read_bytes())
    data[len(data) // 2] ^= 255
    third.write_bytes(data)
    with pytest.raises(ValueError, match=r"3\.png"):
        animate(folder / "source.png", tmp_path / "frames", "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


def test_one_pixel_and_48_million(animate, folder, tmp_path):
    for width, height in ((1, 1), (8000, 6000)):
        source = tmp_path / "source.jpg"
        cv2.imwrite(str(source), np.full((height, width, 3), 120, np.uint8))
        _, done = animate(source, folder / "frames", "out.mp4")
        assert done.frames == 10


def test_memory_does_not_grow_with_the_driver(animate, folder, tmp_path):
    peaks = []
    for repeats in (1, 2, 12):  # The first run fills caches.
        driver = tmp_path / f"{repeats}.mp4"
        write_sounding_video(driver, np.concatenate([pixels(40)] * repeats))
        tracemalloc.start()
        animate(folder / "source.png", driver, "out.mp4")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # All frames together would take 1.3 MB more as 8 bits, five as floats.
    assert peaks[2] < peaks[1] + 300_000
