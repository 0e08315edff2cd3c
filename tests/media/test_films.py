"""Films with the peculiarities of real ones, opened as a user's clips are."""

import os
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from maskanim_tf.data.index import find_clips
from maskanim_tf.media import video_index
from maskanim_tf.media.clips import (
    ClipError,
    clip_time,
    clip_timing,
    iterate_frames,
    probe_clip,
    read_frames,
)
from maskanim_tf.media.geometry import orientation_of
from maskanim_tf.media.movies import write_movie
from tests.media.clip_files import (
    B_FRAMES,
    numbered_frames,
    rgb_frames,
    set_matrix,
    shown_index,
    write_video,
)
from tests.media.films import (
    rename_codecs,
    trim,
    write_frames,
    write_growing_film,
    write_sparse_film,
    write_with_cover,
)

FRAMES = numbered_frames(12)


def numbers(clip):
    return [shown_index(frame) for frame in iterate_frames(clip)]


@pytest.mark.parametrize(("aspect", "size"), [((2, 1), (64, 192)), ((1, 2), (128, 96))])
def test_pixels_become_square(aspect, size, tmp_path):
    path = tmp_path / "dv.mp4"
    ratio = Fraction(*aspect)
    write_frames(path, rgb_frames(FRAMES[:3]), "libx264", sample_aspect_ratio=ratio)
    clip = probe_clip(path)
    assert (clip.height, clip.width) == size
    for index, frame in enumerate(iterate_frames(clip)):
        assert frame.shape[:2] == size
        # What lay at a share of the width or height still does.
        rows = np.arange(64) * size[0] // 64
        columns = np.arange(96) * size[1] // 96
        assert shown_index(frame[rows][:, columns]) == index


def test_an_absurd_aspect_is_ignored(tmp_path):
    path = tmp_path / "a.mp4"
    write_frames(path, rgb_frames(FRAMES[:1]), "mpeg4", sample_aspect_ratio=Fraction(200))
    assert (probe_clip(path).height, probe_clip(path).width) == (64, 96)


def placed(picture, matrix):
    """A picture under a display matrix, point by point: (x, y) to (a x + c y, b x + d y)."""
    a, b, c, d = matrix
    y, x = np.indices(picture.shape[:2])
    column, row = a * x + c * y, b * x + d * y
    column, row = column - column.min(), row - row.min()
    shown = np.zeros((row.max() + 1, column.max() + 1, 3), picture.dtype)
    shown[row, column] = picture
    return shown


@pytest.mark.parametrize(
    "matrix",
    [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)]
    + [(0, b, c, 0) for b in (1, -1) for c in (1, -1)],
)
def test_all_orientations_come_out_upright(matrix, tmp_path):
    path = write_video(tmp_path / "phone.mp4", FRAMES[:4], options={"qp": "0"})
    stored = list(iterate_frames(probe_clip(path)))
    set_matrix(path, matrix)
    os.utime(path, (1, 1))
    clip = probe_clip(path)
    for index, (before, after) in enumerate(zip(stored, iterate_frames(clip))):
        np.testing.assert_array_equal(after, placed(before, matrix))
        np.testing.assert_array_equal(read_frames(clip, [index])[0], after)
    assert after.shape[:2] == (clip.height, clip.width)


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (1, 0, 0, 1)])
def test_the_angle_serves_where_side_data_cannot_be_read(matrix, tmp_path):
    path = write_video(tmp_path / "phone.mp4", FRAMES[:1], options={"qp": "0"})
    with av.open(str(set_matrix(path, matrix))) as container:
        frame = next(container.decode(video=0))

    class Unknown:
        rotation = frame.rotation

        @property
        def side_data(self):
            raise ValueError("31 is not a valid Type")

    assert orientation_of(Unknown()) == orientation_of(frame)


def test_a_cover_is_not_the_film(tmp_path):
    clip = probe_clip(write_with_cover(tmp_path / "film.mp4", FRAMES))
    assert (clip.frames, clip.fps, clip.width) == (12, 25, 96)
    assert numbers(clip) == list(range(12))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_frames_far_apart_are_all_there(suffix, tmp_path):
    times = [0, 0.04, 40, 40.04, 130]
    clip = probe_clip(write_sparse_film(tmp_path / f"a.{suffix}", FRAMES[:5], times))
    assert numbers(clip) == list(range(5))
    assert shown_index(read_frames(clip, [3])[0]) == 3
    assert [clip_time(clip, i) for i in range(5)] == pytest.approx(times, abs=0.002)
    assert clip.has_audio


def test_hours_between_two_frames(tmp_path):
    path = write_video(
        tmp_path / "a.mkv", FRAMES[:2], codec="ffv1", pixel_format="bgra", times=[0, 2500]
    )
    clip = probe_clip(path)
    assert clip.frames == 2
    timing = clip_timing(clip)
    assert timing[0] == pytest.approx(2500)
    assert clip.fps == pytest.approx(1 / 2500)


def test_an_unknown_codec_is_named_and_skipped(tmp_path, caplog):
    path = write_video(tmp_path / "good.mp4", FRAMES)
    rename_codecs(path, {b"avc1": b"xyz1"}, tmp_path / "strange.mp4")
    with pytest.raises(ClipError, match=r"strange\.mp4: no decoder .*codec xyz1.*ffmpeg -i"):
        probe_clip(tmp_path / "strange.mp4")
    clips = find_clips(tmp_path)
    assert [clip.name for clip in clips] == ["good"]
    assert caplog.text.count("xyz1") == 1


@pytest.mark.parametrize("codec", ["libsvtav1", "libaom-av1"])
def test_av1(codec, tmp_path):
    if codec not in av.codecs_available:
        pytest.skip(f"no encoder {codec} in this build of FFmpeg")
    options = {"crf": "20", "preset": "12"} if codec == "libsvtav1" else {"cpu-used": "8"}
    clip = probe_clip(write_video(tmp_path / "a.mp4", FRAMES, codec=codec, options=options))
    assert numbers(clip) == list(range(12))
    assert shown_index(read_frames(clip, [7])[0]) == 7


def test_a_trimmed_film_is_whole(tmp_path, caplog):
    whole = write_video(tmp_path / "whole.mp4", numbered_frames(40), options=B_FRAMES)
    path = trim(whole, tmp_path / "trimmed.mp4", 0.4)
    clip = probe_clip(path, strict=True)
    assert not caplog.text
    assert numbers(clip) == list(range(10, 40))
    assert shown_index(read_frames(clip, [5])[0]) == 15
    assert clip_timing(clip) == 25


def test_null_frames_of_avi_let_the_one_before_stand(tmp_path, caplog):
    stamps = [0, 1, 2, 5, 6, 7, 10, 11]
    path = tmp_path / "dropped.avi"
    write_frames(path, rgb_frames(FRAMES[:8]), "mpeg4", stamps, options={"qscale": "2"})
    chunks = path.read_bytes().split(b"idx1")[0]
    assert chunks.count(b"00dc" + struct.pack("<I", 0)) >= 4
    clip = probe_clip(path, strict=True)
    assert not caplog.text
    assert numbers(clip) == list(range(8))
    assert [clip_time(clip, i) * 25 for i in range(8)] == pytest.approx(stamps)
    assert clip_timing(clip)[2] == pytest.approx(3 / 25)


def test_pictures_that_change_their_size(tmp_path, caplog):
    path = write_growing_film(tmp_path / "call.webm", (64, 96, 32))
    clip = probe_clip(path)
    frames = list(iterate_frames(clip))
    late = read_frames(clip, [13, 2])
    assert (clip.frames, clip.height, clip.width) == (15, 64, 64)
    assert caplog.text.count("change their size") == 1
    for number, frame in enumerate(frames):
        assert frame.shape == (64, 64, 3)
        assert abs(frame.mean() - (20 + 10 * number)) < 6
    np.testing.assert_array_equal(late, [frames[13], frames[2]])


def test_a_name_that_is_not_utf8(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9\xff.mp4")
    plain = write_video(tmp_path / "a.mp4", FRAMES)
    try:
        os.rename(plain, path)
    except OSError:
        pytest.skip("this file system takes no such name")
    clip = probe_clip(os.fsdecode(path))
    assert numbers(clip) == list(range(12))
    (found,) = find_clips(tmp_path)
    assert (found.name, found.frames, found.path) == (r"caf\xe9\xff", 12, clip.path)
    found.name.encode()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "gif", "avi"])
def test_the_last_frame_lasts_as_long_as_the_file_says(suffix, tmp_path):
    durations = [0.1, 0.05, 0.2, 2.5]
    path = tmp_path / f"a.{suffix}"
    if suffix in ("mp4", "gif"):
        write_movie(path, list(FRAMES[:4]), durations)
    else:
        # An AVI ends with the null frames behind its last one, a Matroska says where it ends.
        stamps = [0, 2, 3, 7, 56]
        write_frames(path, rgb_frames(FRAMES[:5]), "mpeg4", stamps, rate=20)
        durations = [0.1, 0.05, 0.2, 2.45, 0.05]
    assert clip_timing(probe_clip(path)) == pytest.approx(durations, abs=0.002)


def test_a_late_frame_is_found_without_decoding_all(tmp_path, monkeypatch):
    path = write_video(tmp_path / "long.mp4", numbered_frames(150), options=B_FRAMES)
    sent = []
    decoded = video_index.decoded
    monkeypatch.setattr(video_index, "decoded", lambda d, p: sent.append(p) or decoded(d, p))
    clip = probe_clip(path)
    assert len(sent) < 45  # The first and, before PyAV 17, the last frame.
    sent.clear()
    assert [shown_index(f) for f in read_frames(clip, [149, 3])] == [149, 3]
    # Key frames stand at 0, 60 and 120.
    assert len(sent) < 3 + 10 + 30 + 2


def test_a_frame_that_cannot_be_decoded_is_stood_in_for(tmp_path, caplog):
    path = write_video(tmp_path / "a.mov", FRAMES, codec="png", pixel_format="rgb24")
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    data[places[5] : places[5] + 60] = bytes(60)
    path.write_bytes(data)
    clip = probe_clip(path)
    assert numbers(clip) == [0, 1, 2, 3, 4, 4, *range(6, 12)]
    assert caplog.text.count("stand in") == 1
    assert shown_index(read_frames(clip, [8])[0]) == 8


def test_playlists_are_no_films(tmp_path):
    (tmp_path / "list.mp4").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://localhost:9/a.ts\n"
    )
    with pytest.raises(ClipError, match=r"list\.mp4: no readable video"):
        probe_clip(tmp_path / "list.mp4")


def test_threads_for_large_frames_change_nothing(tmp_path):
    path = write_video(tmp_path / "a.mp4", numbered_frames(20, 480, 640), options=B_FRAMES)
    clip = probe_clip(path)
    in_order = list(iterate_frames(clip))
    assert [shown_index(frame) for frame in in_order] == list(range(20))
    for index in (0, 7, 19):
        np.testing.assert_array_equal(read_frames(clip, [index])[0], in_order[index])
