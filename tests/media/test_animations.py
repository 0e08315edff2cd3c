"""Animated pictures are clips like films: every frame, in its colours, for its time."""

import numpy as np
import pytest
from PIL import Image

from maskanim_tf.data.index import find_clips
from maskanim_tf.media.clips import (
    ClipError,
    clip_time,
    clip_timing,
    iterate_frames,
    probe_clip,
    read_frames,
)
from tests.media.clip_files import numbered_frames, shown_index

COUNT = 6
DURATIONS = [40, 120, 40, 200, 80, 2500]  # Milliseconds.
OPTIONS = {"png": {}, "apng": {}, "webp": {"lossless": True}, "avif": {"quality": 90}, "tif": {}}


def write_animation(path, frames=None, durations=DURATIONS, **options):
    frames = numbered_frames(COUNT) if frames is None else frames
    first, *others = (Image.fromarray(frame) for frame in frames)
    suffix = path.suffix[1:]
    form = {"apng": "PNG", "tif": "TIFF"}.get(suffix, suffix.upper())
    times = {} if suffix == "tif" else {"duration": durations}
    first.save(
        path, form, save_all=True, append_images=others, **times, **OPTIONS[suffix], **options
    )
    return path


@pytest.mark.parametrize("suffix", OPTIONS)
def test_every_frame_for_its_time(tmp_path, suffix):
    clip = probe_clip(write_animation(tmp_path / f"dance.{suffix}"))
    assert (clip.kind, clip.frames, clip.height, clip.width) == ("animation", COUNT, 64, 96)
    assert [shown_index(frame) for frame in iterate_frames(clip)] == list(range(COUNT))
    assert [shown_index(frame) for frame in read_frames(clip, [5, 0, 3, 3])] == [5, 0, 3, 3]
    if suffix == "tif":
        assert clip_timing(clip) == pytest.approx(25)
        return
    seconds = np.array(DURATIONS) / 1000
    np.testing.assert_allclose(clip_timing(clip), seconds, atol=1e-3)
    np.testing.assert_allclose(clip_timing(clip, 2), seconds[2:], atol=1e-3)
    assert clip_time(clip, 3) == pytest.approx(0.2, abs=1e-3)
    assert COUNT / clip.fps == pytest.approx(seconds.sum(), abs=2e-3)


def test_a_steady_animation_has_a_rate(tmp_path):
    clip = probe_clip(write_animation(tmp_path / "a.webp", durations=[40] * COUNT))
    assert clip_timing(clip) == pytest.approx(25)


def test_hardly_any_time_is_a_tenth_of_a_second(tmp_path):
    clip = probe_clip(write_animation(tmp_path / "a.png", durations=[0, 10, 11, 20, 0, 30]))
    np.testing.assert_allclose(clip_timing(clip), [0.1, 0.1, 0.011, 0.02, 0.1, 0.03])


def test_the_picture_for_old_viewers_is_no_frame(tmp_path):
    frames = np.concatenate([np.full((1, 64, 96, 3), 9, np.uint8), numbered_frames(COUNT)])
    clip = probe_clip(write_animation(tmp_path / "a.png", frames, default_image=True))
    assert clip.frames == COUNT
    assert [shown_index(frame) for frame in iterate_frames(clip)] == list(range(COUNT))
    assert [shown_index(frame) for frame in read_frames(clip, [4, 0])] == [4, 0]


def test_transparent_frames_lie_on_white(tmp_path):
    frames = np.zeros((2, 8, 8, 4), np.uint8)
    frames[0, :4] = frames[1, 4:] = (200, 30, 40, 255)
    path = tmp_path / "a.png"
    write_animation(path, frames, [100, 100], disposal=1)
    shown = list(iterate_frames(probe_clip(path)))
    for index, frame in enumerate(shown):
        whole, empty = (frame[:4], frame[4:])[:: 1 - 2 * index]
        assert (whole == (200, 30, 40)).all()
        assert (empty == 255).all()


def test_pages_of_several_sizes_are_one_picture(tmp_path):
    page = Image.fromarray(numbered_frames(1)[0])
    page.save(tmp_path / "a.tiff", save_all=True, append_images=[page.resize((48, 32))])
    clip = probe_clip(tmp_path / "a.tiff")
    assert (clip.kind, clip.frames, clip.height, clip.width) == ("picture", 1, 64, 96)


def test_what_is_left_of_a_damaged_animation(tmp_path, caplog):
    frames = numbered_frames(COUNT)
    # Much to store, below what `shown_index` looks at.
    frames[:, 56:] = np.random.default_rng(0).integers(0, 256, frames[:, 56:].shape)
    path = write_animation(tmp_path / "a.png", frames)
    data = path.read_bytes()
    # The last frame's data are gone, the end of the file is there.
    last = data.rindex(b"fdAT")
    path.write_bytes(data[: last + 40] + data[-12:])
    clip = probe_clip(path)
    assert clip.frames == COUNT - 1
    assert "a.png" in caplog.text
    assert [shown_index(frame) for frame in iterate_frames(clip)] == list(range(COUNT - 1))
    with pytest.raises(ClipError, match=r"a\.png"):
        probe_clip(path, strict=True)


def test_a_file_that_changed_is_noticed(tmp_path):
    path = write_animation(tmp_path / "a.webp")
    clip = probe_clip(path)
    write_animation(path, numbered_frames(3), [40] * 3)
    with pytest.raises(ClipError, match="holds 3 frames of 96x64 pixels, 6 of 96x64 when indexed"):
        read_frames(clip, [0])


def test_a_folder_of_animations_is_no_clip_itself(tmp_path):
    for name in ("a.webp", "b.webp"):
        write_animation(tmp_path / name)
    clips = find_clips(tmp_path)
    assert [(clip.name, clip.kind) for clip in clips] == [("a", "animation"), ("b", "animation")]
    with pytest.raises(ClipError, match="is no folder of frames"):
        probe_clip(tmp_path)
