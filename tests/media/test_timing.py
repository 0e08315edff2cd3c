"""Time stamps: which rate they have, and that what is written keeps them."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from maskanim_tf.media.clips import clip_timing, probe_clip
from maskanim_tf.media.clock import Clock
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.sound import open_sound
from maskanim_tf.media.timing import steady_rate
from tests.media.clip_files import numbered_frames, write_video

COUNT = 60


@pytest.mark.parametrize("real", [24.0, 28.8, 30000 / 1001, 31.5])
def test_rounded_stamps_have_their_own_rate_and_not_the_announced_one(real):
    times = np.round(np.arange(500) / real, 3)
    assert steady_rate(times, [Fraction(30)], 1e-3) == pytest.approx(real, rel=1e-5)
    dropped = np.delete(times, 250)
    assert steady_rate(dropped, [Fraction(30)], 1e-3) == 0


def lengths(path):
    """Seconds of pictures and of sound by the packets of a file, not by its header."""
    with av.open(str(path)) as container:
        found = []
        for stream in (container.streams.video[0], container.streams.audio[0]):
            packets = [p for p in container.demux(stream) if p.size and not p.is_discard]
            end = max(p.pts + (p.duration or 0) for p in packets)
            found.append(float((end - max(0, min(p.pts for p in packets))) * stream.time_base))
            container.seek(0)
    return found


def sounding(path, times, end, announced):
    """A film whose frames are at some times, with a tone of the same length."""
    wave = np.sin(np.arange(int(end * 44100)) / 16).astype(np.float32)
    frames = numbered_frames(len(times))
    return write_video(path, frames, fps=announced, times=times, sounds=[wave])


@pytest.mark.parametrize("kind", ["steady", "dropped", "5 % off"])
def test_pictures_and_sound_end_together(kind, tmp_path):
    rate = {"steady": 30, "dropped": 30, "5 % off": 28.6}[kind]
    times = np.arange(COUNT) / rate
    if kind == "dropped":
        times = np.delete(times, [7, 8, 20, 41, 42, 43])
    end = times[-1] + 1 / rate
    clip = probe_clip(sounding(tmp_path / "a.mkv", times, end, 30))
    output = tmp_path / "out.mp4"
    with open_sound(clip, True) as sound:
        write_movie(output, numbered_frames(clip.frames), clip_timing(clip), sound)
    pictures, heard = lengths(output)
    assert pictures == pytest.approx(end, abs=0.04)
    assert heard == pytest.approx(end, abs=0.04)
    assert isinstance(clip_timing(clip), float) == (kind != "dropped")
    written = probe_clip(output)
    assert written.frames == clip.frames
    if kind == "dropped":
        assert clip_timing(written) == pytest.approx(clip_timing(clip), abs=0.002)


def test_sound_that_outlasts_the_pictures_is_cut(tmp_path):
    clip = probe_clip(sounding(tmp_path / "a.mkv", np.arange(30) / 30, 3.0, 30))
    output = tmp_path / "out.mp4"
    with open_sound(clip, True) as sound:
        write_movie(output, numbered_frames(30), clip_timing(clip), sound)
    assert lengths(output) == pytest.approx([1.0, 1.0], abs=0.04)


UNEVEN = [0.1, 0.02, 1.0, 0.3, 2.0]


@pytest.mark.parametrize("suffix", ["mp4", "gif", "webp"])
def test_uneven_times_are_kept(suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"
    assert write_movie(path, numbered_frames(5), UNEVEN) == 5
    if suffix == "mp4":
        assert clip_timing(probe_clip(path)) == pytest.approx(UNEVEN, abs=0.001)
        return
    with Image.open(path) as movie:
        shown = []
        for index in range(movie.n_frames):
            movie.seek(index)
            movie.load()
            shown.append(movie.info["duration"] / 1000)
    assert shown == pytest.approx(UNEVEN, abs=0.001)


def test_a_gif_becomes_a_film_of_its_length(tmp_path):
    """What was 3.25 s became 0.3 s: only the time between frames counted."""
    write_movie(tmp_path / "a.gif", numbered_frames(4), [0.1, 0.1, 0.05, 3.0])
    clip = probe_clip(tmp_path / "a.gif")
    for suffix in ("mp4", "gif", "webp"):
        output = tmp_path / f"out.{suffix}"
        write_movie(output, numbered_frames(4), clip_timing(clip))
        if suffix != "webp":
            assert sum(clip_timing(probe_clip(output))) == pytest.approx(3.25, abs=0.01)


def test_a_frame_longer_than_a_gif_can_say_is_repeated(tmp_path):
    path = tmp_path / "a.gif"
    assert write_movie(path, numbered_frames(2), [2500.0, 1.0]) == 2
    assert sum(clip_timing(probe_clip(path))) == pytest.approx(2501, abs=0.01)
    path = tmp_path / "a.mp4"
    assert write_movie(path, numbered_frames(2), [2500.0, 1.0]) == 2
    assert clip_timing(probe_clip(path)) == pytest.approx([2500, 1])


def test_errors_of_rounding_do_not_add_up():
    clock = Clock([1 / 30] * 3000, Fraction(1, 100))
    stamps = [clock.stamp(frame) for frame in range(3001)]
    assert np.abs(np.array(stamps) / 100 - np.arange(3001) / 30).max() <= 0.00501
    assert Clock(29.97, Fraction(1, 100)).seconds(2997) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("timing", [0.0, -1.0, [], [0.1, 0.0], [1e6], float("nan")])
def test_impossible_times_are_refused(timing, tmp_path):
    with pytest.raises(ValueError, match=r"is shown for .* seconds, but must be"):
        write_movie(tmp_path / "a.mp4", numbered_frames(2), timing)
    assert not list(tmp_path.iterdir())


def test_a_single_frame_lasts_as_long_as_it_did(tmp_path):
    path = write_video(tmp_path / "a.mp4", numbered_frames(1), fps=2)
    clip = probe_clip(path, strict=True)
    assert (clip.frames, clip_timing(clip)) == (1, 2)
