"""Reading clips: every kind, every container, random access against decoding in order."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from maskanim_tf.media.clips import ClipError, iterate_frames, probe_clip, read_frames
from tests.helpers import shared_folder
from tests.media.clip_files import (
    B_FRAMES,
    HEIGHT,
    WIDTH,
    cut,
    numbered_frames,
    shown_index,
    write_opencv_video,
    write_picture,
    write_sounding_video,
    write_video,
)

COUNT = 150
FRAMES = numbered_frames(COUNT)
# Between 20 ms and one second apart.
UNEVEN = np.cumsum(np.random.default_rng(0).choice([0.02, 0.04, 0.2, 1.0], COUNT))
MEAN_RATE = (COUNT - 1) / (UNEVEN[-1] - UNEVEN[0])
VP9 = {"codec": "libvpx-vp9", "options": {"g": "50", "deadline": "realtime", "cpu-used": "8"}}
VIDEOS = {
    "b_frames.mp4": {"options": B_FRAMES},
    "b_frames.mov": {"options": B_FRAMES},
    "b_frames.m4v": {"options": B_FRAMES, "container_options": {"movflags": "faststart"}},
    "b_frames.mkv": {"options": B_FRAMES},
    "no_stamps.avi": {"options": B_FRAMES},
    "uneven.mp4": {"options": B_FRAMES, "times": UNEVEN},
    "uneven.mkv": {"options": B_FRAMES, "times": UNEVEN},
    "late_start.mp4": {"options": B_FRAMES, "times": UNEVEN + 5},
    "late_start.mkv": {"options": B_FRAMES, "times": UNEVEN + 5},
    "vp9.webm": VP9,
    "uneven.webm": {**VP9, "times": UNEVEN},
    "pal.gif": {"codec": "gif", "pixel_format": "rgb8"},
    "no_b_frames.mp4": "mp4v",
    "motion_jpeg.avi": "MJPG",
    "mpeg4.avi": "XVID",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def long_clip(folder):
    return write_video(folder / "long.mp4", FRAMES, options=B_FRAMES)


@pytest.mark.parametrize("name", VIDEOS)
def test_random_access_equals_decoding_in_order(name, folder):
    recipe = VIDEOS[name]
    if isinstance(recipe, str):
        path = write_opencv_video(folder / name, FRAMES, recipe)
    else:
        path = write_video(folder / name, FRAMES, **recipe)
    clip = probe_clip(path)
    assert (clip.kind, clip.frames, clip.height, clip.width) == ("video", COUNT, HEIGHT, WIDTH)
    assert clip.name == path.stem
    assert not clip.has_audio
    uneven = isinstance(recipe, dict) and "times" in recipe
    # An AVI without stamps counts its B-frames' delay in; 2% of the rate.
    assert clip.fps == pytest.approx(MEAN_RATE if uneven else 25, rel=0.02)

    in_order = np.stack(list(iterate_frames(clip)))
    assert [shown_index(frame) for frame in in_order] == list(range(COUNT))
    for index in (0, 1, 2, 59, 60, 61, 62, 118, 121, COUNT - 2, COUNT - 1):
        np.testing.assert_array_equal(read_frames(clip, [index])[0], in_order[index])
    indices = [*np.random.default_rng(1).integers(0, COUNT, 12).tolist(), 7, 7, COUNT - 1, 0]
    np.testing.assert_array_equal(read_frames(clip, indices), in_order[indices])


def test_values_are_kept_by_lossless_video(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 1, 1, 3), np.uint8)
    frames = np.broadcast_to(pixels, (3, 48, 64, 3))
    path = write_video(tmp_path / "flat.mp4", frames, options={"qp": "0"})
    # Colours go through YUV in 8 bits.
    difference = read_frames(probe_clip(path), range(3)).astype(int) - frames
    assert np.abs(difference).max() <= 4


def test_sound_is_noticed(tmp_path):
    assert probe_clip(write_sounding_video(tmp_path / "s.mp4", FRAMES[:9])).has_audio


def test_one_frame_and_odd_sizes(tmp_path):
    frames = numbered_frames(3, 65, 97)
    clip = probe_clip(
        write_video(tmp_path / "odd.gif", frames[:1], codec="gif", pixel_format="rgb8")
    )
    assert (clip.frames, clip.height, clip.width) == (1, 65, 97)
    path = write_video(tmp_path / "odd.mp4", frames, pixel_format="yuv444p")
    assert read_frames(probe_clip(path), [2, 0]).shape == (2, 65, 97, 3)


def test_file_cut_before_its_index(long_clip, tmp_path):
    path = cut(long_clip, tmp_path / "cut.mp4", 0.6)
    with pytest.raises(ClipError, match=r"cut\.mp4: no readable video .*copy or download it again"):
        probe_clip(path)


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv"])
def test_file_cut_behind_its_index_keeps_its_frames(name, tmp_path, caplog, capfd):
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    whole = write_video(
        tmp_path / f"whole_{name}", FRAMES, options=B_FRAMES, container_options=options
    )
    path = cut(whole, tmp_path / name, 0.6)
    clip = probe_clip(path)
    assert 40 < clip.frames < 110
    in_order = np.stack(list(iterate_frames(clip)))
    assert len(in_order) == clip.frames
    for index in (0, clip.frames // 2, clip.frames - 1):
        np.testing.assert_array_equal(read_frames(clip, [index])[0], in_order[index])
    if name.endswith("mp4"):
        assert [shown_index(frame) for frame in in_order] == list(range(clip.frames))
        expected = f"{COUNT} frames announced, {clip.frames} readable"
        assert expected in caplog.text
        with pytest.raises(ClipError, match=expected):
            probe_clip(path, strict=True)
    assert "[h264" not in capfd.readouterr().err


def test_files_that_are_no_videos(tmp_path, capfd):
    (tmp_path / "text.mp4").write_text("a diary, not a film\n" * 50)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "film.flv").touch()
    with pytest.raises(ClipError, match=r"text\.mp4: no readable video"):
        probe_clip(tmp_path / "text.mp4")
    with pytest.raises(ClipError, match=r"empty\.mp4: the file is empty"):
        probe_clip(tmp_path / "empty.mp4")
    with pytest.raises(ClipError, match=r"film\.flv: unknown suffix.*\.mp4 .*\.png"):
        probe_clip(tmp_path / "film.flv")
    with pytest.raises(ClipError, match=r"none\.mp4: cannot be read \(No such file"):
        probe_clip(tmp_path / "none.mp4")
    with pytest.raises(ClipError, match=r"none\.png: cannot be read \(No such file"):
        probe_clip(tmp_path / "none.png")
    assert capfd.readouterr().err == ""


def test_strip(tmp_path):
    squares = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), np.uint8)
    path = write_picture(tmp_path / "run.png", np.concatenate(list(squares), axis=1))
    assert probe_clip(path).kind == "picture"
    clip = probe_clip(path, strips=True)
    assert (clip.kind, clip.frames, clip.fps, clip.height, clip.width) == ("strip", 7, 25.0, 16, 16)
    np.testing.assert_array_equal(read_frames(clip, [6, 0, 6]), squares[[6, 0, 6]])
    np.testing.assert_array_equal(np.stack(list(iterate_frames(clip))), squares)


@pytest.mark.parametrize("size", [(16, 16), (16, 24), (32, 16), (16, 33)])
def test_other_pictures_are_single(size, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    clip = probe_clip(write_picture(tmp_path / "one.png", pixels), name="other/name")
    assert (clip.kind, clip.frames, clip.name) == ("picture", 1, "other/name")
    assert (clip.height, clip.width) == size
    np.testing.assert_array_equal(read_frames(clip, [0])[0], pixels)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_folder_of_frames_in_natural_order(suffix, tmp_path):
    frames = numbered_frames(12)
    for index, frame in enumerate(frames):
        write_picture(tmp_path / "clip" / f"frame{index}.{suffix}", frame)
    (tmp_path / "clip" / "notes.txt").write_text("no frame")
    (tmp_path / "clip" / ".frame5.png").write_text("no frame")
    clip = probe_clip(tmp_path / "clip")
    assert (clip.kind, clip.name, clip.frames) == ("folder", "clip", 12)
    assert [shown_index(frame) for frame in iterate_frames(clip)] == list(range(12))
    assert [shown_index(frame) for frame in read_frames(clip, [11, 2, 2, 10])] == [11, 2, 2, 10]


def test_folder_that_is_no_clip(tmp_path):
    write_picture(tmp_path / "1.png", numbered_frames(1)[0])
    with pytest.raises(ClipError, match=r"is no folder of frames.*one size"):
        probe_clip(tmp_path)
    write_picture(tmp_path / "2.png", numbered_frames(1, 80, 97)[0])
    with pytest.raises(ClipError, match=r"is no folder of frames.*one size"):
        probe_clip(tmp_path)


def test_folder_that_changed(tmp_path):
    for index, frame in enumerate(numbered_frames(3)):
        write_picture(tmp_path / f"{index}.png", frame)
    clip = probe_clip(tmp_path)
    write_picture(tmp_path / "1.png", numbered_frames(1, 80, 97)[0])
    with pytest.raises(ClipError, match=r"1\.png: a frame of 97x80 pixels in a clip of 96x64"):
        read_frames(clip, [0, 1])
    os.remove(tmp_path / "1.png")
    with pytest.raises(ClipError, match="holds 2 frames, 3 when indexed; index again"):
        read_frames(clip, [0])


@pytest.mark.parametrize("index", [-1, COUNT])
def test_index_out_of_range(index, long_clip):
    with pytest.raises(ClipError, match=f"frame {index} asked for; it has frames 0 to 149"):
        read_frames(probe_clip(long_clip), [0, index])


def test_no_indices_give_no_frames(long_clip):
    assert read_frames(probe_clip(long_clip), []).shape == (0, HEIGHT, WIDTH, 3)


def test_a_clip_travels_and_many_threads_read_it(long_clip):
    clip = pickle.loads(pickle.dumps(probe_clip(long_clip)))
    wanted = np.random.default_rng(0).integers(0, COUNT, (24, 2)).tolist()
    with ThreadPoolExecutor(8) as pool:
        for indices, frames in zip(wanted, pool.map(lambda i: read_frames(clip, i), wanted)):
            assert [shown_index(frame) for frame in frames] == indices


def test_real_strips():
    for path in sorted((shared_folder("data") / "actions" / "train").glob("*.jpg"))[:5]:
        clip = probe_clip(path, strips=True)
        picture = cv2.imread(str(path))[..., ::-1]
        assert (clip.kind, clip.height, clip.width) == ("strip", 64, 64)
        assert clip.frames * 64 == picture.shape[1]
        np.testing.assert_array_equal(np.concatenate(list(iterate_frames(clip)), 1), picture)


def test_real_videos():
    for path in sorted((shared_folder("data") / "paper_samples").glob("*/*/driving.mp4"))[::4]:
        clip = probe_clip(path, strips=True)
        assert (clip.height, clip.width, clip.fps) == (256, 256, 10.0)
        in_order = list(iterate_frames(clip))
        for index in (0, clip.frames // 2, clip.frames - 1):
            np.testing.assert_array_equal(read_frames(clip, [index])[0], in_order[index])
