from fractions import Fraction

import av
import numpy as np
import pytest

from maskanim_tf.media.clips import probe_clip
from maskanim_tf.media.movies import write_movie
from maskanim_tf.media.sound import Sound, open_sound
from tests.media.clip_files import heard, sound_packets, write_sounding_video, write_video
from tests.media.films import rename_codecs

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
        # MP4 takes no MP3 below 16 kHz.
        ("libmp3lame", "a.mkv", 12000, False),
        ("libmp3lame", "a.mkv", 8000, False),
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


def test_the_next_track_stands_in_for_one_that_cannot_be_read(tmp_path, caplog):
    tone = (9000 * np.sin(np.arange(44100) / 16)).astype(np.int16)
    sounds = [np.zeros_like(tone), tone]
    path = write_video(tmp_path / "a.mov", FRAMES[:25], sounds=sounds, sound_codec="pcm_s16le")
    strange = rename_codecs(path, {b"sowt": b"xyz2"}, tmp_path / "strange.mov")
    clip = probe_clip(strange)
    assert clip.has_audio
    with open_sound(clip, True) as sound:
        write_movie(tmp_path / "out.mp4", FRAMES[:25], 25.0, sound)
    with av.open(str(tmp_path / "out.mp4")) as container:
        loudest = max(np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0))
    assert loudest > 0.2  # The tone, not the silence.
    assert not caplog.text


def test_sound_that_cannot_be_read_leaves_a_silent_film(tmp_path, caplog):
    path = write_sounding_video(tmp_path / "a.mov", FRAMES, codec="pcm_s16le")
    clip = probe_clip(rename_codecs(path, {b"sowt": b"xyz2"}, tmp_path / "strange.mov"))
    assert (clip.frames, clip.has_audio) == (45, False)
    with open_sound(clip, True) as sound:
        assert sound is None
    assert "strange.mov: no decoder for its sound (codec xyz2); the result is silent" in caplog.text
    with open_sound(clip, False) as sound:
        assert sound is None
