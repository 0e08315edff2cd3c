from fractions import Fraction

import numpy as np
import pytest

from maskanim_tf.data.movies import write_movie
from maskanim_tf.data.sound import Sound
from tests.data.clip_files import heard, sound_packets, write_sounding_video, write_video

NTSC = Fraction(30000, 1001)
FRAMES = np.zeros((45, 32, 32, 3), np.uint8)
SECONDS = float(len(FRAMES) / NTSC)


def resounding(source, target, start=0.0):
    with Sound(source, start) as sound:
        frames = FRAMES[round(start * NTSC) :]
        assert write_movie(target, iter(frames), float(NTSC), sound) == len(frames)
    return target


@pytest.mark.parametrize(
    ("codec", "name", "rate", "kept"),
    [
        ("aac", "a.mp4", 44100, True),
        ("libmp3lame", "a.mp4", 44100, True),
        ("libopus", "a.mkv", 48000, True),
        ("pcm_s16le", "a.mov", 44100, False),
        ("pcm_s16le", "a.avi", 11025, False),
    ],
)
def test_sound_arrives_whole_and_in_time(tmp_path, codec, name, rate, kept):
    source = write_sounding_video(tmp_path / name, FRAMES, NTSC, codec, rate)
    target = resounding(source, tmp_path / "out.mp4")
    found, length, loud = heard(target)
    assert found == (heard(source)[0] if kept else "aac")
    if kept:
        assert sound_packets(target) == sound_packets(source)
    # Codecs fill up their last block.
    assert length == pytest.approx(SECONDS, abs=0.07)
    assert loud == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("codec", "name"), [("aac", "a.mp4"), ("pcm_s16le", "a.mov")])
def test_sound_begins_where_the_movie_does(tmp_path, codec, name):
    source = write_sounding_video(tmp_path / name, FRAMES, NTSC, codec)
    _, length, loud = heard(resounding(source, tmp_path / "out.mp4", start=0.2))
    assert length == pytest.approx(SECONDS - 0.2, abs=0.07)
    assert loud == pytest.approx(0.3, abs=0.03)


def test_a_file_without_sound_is_refused(tmp_path):
    source = write_video(tmp_path / "a.mp4", FRAMES[:3])
    with pytest.raises(ValueError, match="no sound track"):
        Sound(source)
