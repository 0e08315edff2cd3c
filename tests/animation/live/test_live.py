import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from maskanim_tf.animation.live import (
    CameraError,
    LiveFrame,
    LiveSession,
    Recorder,
    VirtualCamera,
    has_display,
    open_camera,
    perform,
)
from maskanim_tf.animation.live import sinks as live_sinks
from maskanim_tf.animation.live.sinks import RATE
from maskanim_tf.animation.live.window import LARGE, SMALL, draw
from maskanim_tf.keys import FRAME
from maskanim_tf.live import LiveOptions, main, read_sources
from maskanim_tf.media.clips import probe_clip
from tests.animation.material import SIZE, Seer, disc, pixels
from tests.media.clip_files import write_picture, write_sounding_video, write_video

SOURCES = pixels(2, seed=9)


class Mirror(Seer):
    """Whose results are the source's first pixel row over the driver; it takes a while."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.given = []

    def set_source(self, source):
        self.source = source

    def animate(self, driving, wanted=(), masks=None):
        time.sleep(self.seconds)
        self.given.append(masks)
        made = driving.astype(np.float32) / 255
        made[:, 0] = self.source[0] / 255
        return {FRAME: made}


class Reel:
    """A camera that gives frames at its own pace, and then ends or breaks."""

    label = "a reel"

    def __init__(self, frames, seconds=0.0, error=None):
        self.frames = list(frames)
        self.seconds = seconds
        self.error = error
        self.closed = False

    def read(self):
        time.sleep(self.seconds)
        if self.frames:
            return self.frames.pop(0)
        if self.error is not None:
            raise self.error
        return None

    def close(self):
        self.closed = True


def shown(session):
    """The results of a session, without the pauses between them."""
    return (result for result in session.results() if result is not None)


def light(x, radius):
    """A frame whose mask is a disc."""
    return np.repeat(disc(x, 16, radius, SIZE) * 250, 3, -1).astype(np.uint8)


def test_results_belong_to_their_frames_and_the_last_one_is_seen():
    camera = Reel(pixels(8), seconds=0.01)
    with LiveSession(Mirror(), camera, SOURCES) as session:
        seen = list(shown(session))
    assert camera.closed
    assert 1 <= len(seen) <= 8
    for result in seen:
        np.testing.assert_array_equal(result.frame[1:], result.driving[1:])
        np.testing.assert_array_equal(result.frame[0], SOURCES[0][0])
    np.testing.assert_array_equal(seen[-1].driving, pixels(8)[-1])
    assert [r.captured for r in seen] == sorted(r.captured for r in seen)


def test_who_is_slow_works_on_new_frames():
    frames = pixels(40)
    with LiveSession(Mirror(seconds=0.1), Reel(frames, seconds=0.01), SOURCES) as session:
        report = perform(session)
    assert report.frames < 20
    assert report.dropped >= 20
    assert report.frames + report.dropped == 40
    # Nothing waits: a result is not much older than its own computation and one before it.
    assert np.median(report.delays) < 1


def test_keys_switch_recentre_and_freeze():
    generator = Mirror()
    near, far = light(10, 6), light(22, 6)
    camera = Reel([far] * 400, seconds=0.005)
    with LiveSession(generator, camera, [near, 255 - near], relative=True) as session:
        for number, result in enumerate(shown(session), 1):
            if number == 3:
                session.switch()
            if number > 3 and (result.source == 255 - near).all():
                break
        # The chosen frame lies over the source.
        aligned = generator.given[2][0]
        assert np.abs(aligned - generator.masks(near[None])[0]).mean() < 0.02
        assert np.abs(aligned - generator.masks(far[None])[0]).mean() > 0.1
        session.freeze()
        assert session.frozen
        time.sleep(0.1)
        count = len(generator.given)
        time.sleep(0.1)
        assert len(generator.given) == count
        session.freeze()
        session.recentre()
        results = shown(session)
        next(results)
        next(results)
        assert len(generator.given) > count


def test_recentring_takes_the_next_pose_for_the_sources():
    generator = Mirror()
    frames = [light(10, 5), light(22, 5)]
    gate = threading.Event()

    class Moving(Reel):
        def read(self):
            time.sleep(0.005)
            return frames[1] if gate.is_set() else frames[0]

    with LiveSession(generator, Moving([]), [frames[0]], relative=True) as session:
        results = shown(session)
        next(results)
        gate.set()
        moved = next(r for r in results if (r.driving == frames[1]).all())
        assert moved is not None
        time.sleep(0.05)
        before = generator.given[-1][0]
        session.recentre()
        time.sleep(0.2)
        after = generator.given[-1][0]
    own = generator.masks(frames[0][None])[0]
    assert np.abs(before - own).mean() > 0.05
    assert np.abs(after - own).mean() < 0.02


def test_a_mirror_exchanges_left_and_right():
    frame = pixels(1)[0]
    with LiveSession(Mirror(), Reel([frame]), SOURCES, mirror=True) as session:
        result = next(shown(session))
    np.testing.assert_array_equal(result.driving, frame[:, ::-1])


def test_a_camera_that_goes_leaves_its_film(tmp_path):
    camera = Reel(pixels(10), seconds=0.02, error=CameraError("it was unplugged"))
    told = []
    with (
        LiveSession(Mirror(), camera, SOURCES) as session,
        pytest.raises(CameraError, match="it was unplugged"),
    ):
        perform(session, record=tmp_path / "film.mp4", recording=True, say=told.append)
    film = probe_clip(tmp_path / "film.mp4")
    assert (film.height, film.width) == (SIZE, SIZE)
    assert film.fps == pytest.approx(RATE)
    assert told == [f"{tmp_path}/film.mp4: {film.frames} frames"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mp4"]


def test_what_goes_wrong_while_animating_is_told():
    class Broken(Mirror):
        def animate(self, driving, wanted=(), masks=None):
            if self.given:
                raise ValueError("no more")
            return super().animate(driving, wanted, masks)

    with (
        LiveSession(Broken(), Reel(pixels(5), 0.01), SOURCES) as session,
        pytest.raises(ValueError, match="no more"),
    ):
        perform(session)


def test_a_film_is_as_long_as_it_took(tmp_path):
    recorder = Recorder(tmp_path / "film.mp4")
    begin = time.monotonic()
    for frame in pixels(3):
        recorder.show(frame)
        time.sleep(0.2)
    took = time.monotonic() - begin
    recorder.close()
    film = probe_clip(tmp_path / "film.mp4")
    assert film.frames == recorder.frames
    assert abs(film.frames / RATE - took) < 0.5
    again = Recorder(tmp_path / "film.mp4")
    assert again.path == tmp_path / "film-2.mp4"
    again.close()
    assert not again.path.exists()


def test_a_film_that_cannot_be_written_is_an_error_at_its_end(tmp_path):
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "film.mp4")
    for frame in pixels(2):
        recorder.show(frame)
        time.sleep(0.05)
    with pytest.raises(OSError, match="file"):
        recorder.close()


def test_a_film_plays_in_its_own_time(tmp_path):
    write_sounding_video(tmp_path / "film.mp4", pixels(10), Fraction(20))
    camera = open_camera(str(tmp_path / "film.mp4"))
    begin = time.monotonic()
    frames = []
    while (frame := camera.read()) is not None:
        frames.append(frame)
    # Its last frame is due after nine twentieths of a second.
    assert time.monotonic() - begin > 0.44
    assert len(frames) == 10


def test_cameras_that_are_not_there(tmp_path):
    with pytest.raises(CameraError, match=r"there is no /dev/video87; plug a camera in"):
        open_camera("87")
    with pytest.raises(CameraError, match=r"there is no /dev/video88"):
        open_camera("/dev/video88")
    with pytest.raises(ValueError, match="absent"):
        open_camera(str(tmp_path / "absent.mp4"))


def test_no_virtual_camera(monkeypatch):
    monkeypatch.setattr(live_sinks, "pyvirtualcam", None)
    with pytest.raises(ValueError, match=r"needs pyvirtualcam: pip install 'maskanim\[live\]'"):
        VirtualCamera("auto", SIZE)


def test_no_device_for_a_virtual_camera():
    pytest.importorskip("pyvirtualcam")
    with pytest.raises(ValueError, match=r"cannot be opened .*modprobe v4l2loopback"):
        VirtualCamera("/dev/video87", SIZE)


def test_the_window_shows_all_three():
    frame = LiveFrame(*pixels(3), captured=0.0)
    drawn = draw(frame, ["a line"], recording=False)
    assert drawn.shape[1] == SMALL + LARGE
    for picture, part in (
        (frame.source, drawn[:SMALL, :SMALL]),
        (frame.driving, drawn[SMALL : 2 * SMALL, :SMALL]),
        (frame.frame, drawn[:LARGE, SMALL:]),
    ):
        small = part[:: len(part) // SIZE, :: len(part) // SIZE].astype(int)
        assert np.corrcoef(small.ravel(), picture.ravel())[0, 1] > 0.8
    assert (draw(frame, ["a line"], recording=True) != drawn).any()


def test_the_command_records_a_film(checkpoint, tmp_path, capsys):
    write_picture(tmp_path / "source.png", SOURCES[0])
    write_video(tmp_path / "camera.mp4", pixels(8))
    flags = {"source": str(tmp_path / "source.png"), "camera": str(tmp_path / "camera.mp4")}
    flags |= {"checkpoint": str(checkpoint), "window": "no", "precision": "float32"}
    main(LiveOptions(**flags, output=str(tmp_path / "out.mp4")))
    assert probe_clip(tmp_path / "out.mp4").frames >= 1
    told = capsys.readouterr()
    assert "frames per second" not in told.out
    assert " per second; delay " in told.out
    assert f"{tmp_path}/out.mp4: " in told.err


def test_wrong_options_are_one_error(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if not has_display():
        with pytest.raises(ValueError, match="there is no display; record with --output"):
            main(LiveOptions(source="me.png"))
    with pytest.raises(ValueError, match="give the picture to animate"):
        main(LiveOptions())
    with pytest.raises(ValueError, match=r"output is 'x\.avi', but must end in \.mp4"):
        LiveOptions(output="x.avi")
    with pytest.raises(ValueError, match="holds no pictures"):
        read_sources(str(tmp_path), SIZE)
    for name in ("b.png", "a.png"):
        write_picture(tmp_path / name, SOURCES[int(name == "b.png")])
    np.testing.assert_array_equal(read_sources(str(tmp_path), SIZE), SOURCES)
    assert len(read_sources(f"{tmp_path}/a.png,{tmp_path}/b.png", SIZE)) == 2
