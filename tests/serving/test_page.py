"""The page over HTTP: samples, own files, refusals, clients that vanish, results that expire."""

import base64
import concurrent.futures
import contextlib
import json
import tempfile
import time

import av
import cv2
import numpy as np
import pytest
import urllib3

from maskanim_tf.animation.options import AUDIO
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.media.frame_bytes import decode_frame
from maskanim_tf.serving.contract import ServingError
from maskanim_tf.serving.page.animation import encode_picture
from maskanim_tf.serving.page.guard import Guard
from tests.animation.material import decoded, moving_square, pixels
from tests.media.clip_files import (
    numbered_frames,
    write_opencv_video,
    write_rotated_video,
    write_sounding_video,
    write_video,
)
from tests.serving.servers import POOL, ask_rest, http, running
from tests.serving.test_contract import PAIR, bomb, png
from tests.serving.test_local import until

SAMPLES = {"sample_picture": "glasses", "sample_video": "curls"}
# Larger than what sockets and streams hold back, so that it is not done before it is read.
LONG = 3000


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return write_opencv_video(path, np.tile(pixels(20), (LONG // 20, 1, 1, 1)), "mp4v")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where servers that start from now on keep their files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files(**paths):
    """Fields of a form from paths by name."""
    return {name: (path.name, path.read_bytes()) for name, path in paths.items()}


def post(url, fields, **options):
    return POOL.request("POST", f"{url}/animate", fields=fields, **options)


def animate(url, fields):
    """All events but the last, and the content of the video that the last one names."""
    response = post(url, fields)
    assert response.status == 200, response.data
    *events, done = map(json.loads, response.data.splitlines())
    assert done["event"] == "done", done
    assert done["frames"] == len(events) - 1
    return events, POOL.request("GET", url + done["result"])


def refused(url, fields):
    response = post(url, fields)
    return response.status, json.loads(response.data)["error"]


def picture(event, key):
    content = np.frombuffer(base64.b64decode(event[key]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


@contextlib.contextmanager
def half_done(url, video):
    """An animation that cannot go on, since nobody reads its frames."""
    fields = {"sample_picture": "glasses", **files(video=video)}
    response = post(url, fields, preload_content=False)
    assert response.status == 200
    assert b'"start"' in response.read(200)
    try:
        yield response
    finally:
        response.close()


def test_files_of_the_page(page):
    for name, kind in (("", "html"), ("page.css", "css"), ("page.js", "javascript")):
        response = POOL.request("GET", f"{page}/{name}")
        assert response.status == 200
        assert kind in response.headers["Content-Type"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert http("GET", f"{page}/../local.py")[0] == 404
    assert http("GET", f"{page}/samples/..%2Fpage.js")[0] == 404


def test_a_sample(page, tmp_path):
    answer = http("GET", f"{page}/samples")[1]
    assert answer["model"] == {"name": "maskanim", "version": 1, "size": 32}
    assert {"name": "glasses", "title": "Glasses", "first": False} in answer["pictures"]
    events, video = animate(page, SAMPLES)
    start = events[0]
    assert (start["event"], start["frames"], start["fps"], start["size"]) == ("start", 50, 25, 32)
    assert [event["index"] for event in events[1:]] == list(range(50))
    assert video.headers["Content-Type"] == "video/mp4"
    path = tmp_path / "result.mp4"
    path.write_bytes(video.data)
    frames, fps = decoded(path)
    assert (frames.shape, fps) == ((50, 32, 32, 3), 25)
    # What was shown is what is in the file, but for H.264, which keeps half of the colours.
    shown = np.array([picture(event, "frame")[..., ::-1] for event in events[1:]])
    light, wanted = (pictures @ [0.299, 0.587, 0.114] for pictures in (frames, shown))
    assert np.abs(light - wanted).mean() < 3
    assert picture(events[7], "driving_mask").shape == (16, 16)
    sample = decode_frame(POOL.request("GET", f"{page}/samples/glasses.png").data)
    assert np.array_equal(picture(start, "source")[..., ::-1], fit_square(sample, 32))


def test_frames_are_those_of_the_other_signatures(page, exported, tmp_path):
    driver = write_video(tmp_path / "driver.mp4", pixels(3, seed=3))
    events, _ = animate(page, {**files(video=driver), "picture": ("me.png", png(4, 40))})
    drivers = [base64.b64decode(event["driving"]) for event in events[1:]]
    source = base64.b64decode(events[0]["source"])
    with running(exported) as address:
        pair = {"source_bytes": [source] * 3, "driving_bytes": drivers}
        expected = ask_rest(address, "animate_bytes", pair)["frame_bytes"]
    for event, content in zip(events[1:], expected):
        np.testing.assert_array_equal(picture(event, "frame")[..., ::-1], decode_frame(content))


def test_files_of_every_kind(page, tmp_path):
    """Films of phones, held upright; sound; names that try to leave; types instead of endings."""
    upright = write_rotated_video(tmp_path / "IMG_1.MOV", numbered_frames(5))
    events, _ = animate(page, {**SAMPLES, "sample_video": "", **files(video=upright)})
    assert events[0]["frames"] == 5

    sounding = write_sounding_video(tmp_path / "sound.mp4", moving_square(), silence=0)
    film = sounding.read_bytes()
    tiff = cv2.imencode(".tiff", pixels(1)[0])[1].tobytes()
    for audio in AUDIO:
        fields = {"picture": ("../../x/me.tiff", tiff), "audio": audio, "auto_crop": "1"}
        events, video = animate(page, {**fields, "video": ("../1000012", film, "video/mp4")})
        assert (events[0]["sound"], len(events)) == (True, 13)
        path = tmp_path / "result.mp4"
        path.write_bytes(video.data)
        with av.open(str(path)) as container:
            assert len(container.streams.audio) == (audio == "driving")


PLAY_LIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
GOOD = {"picture": ("me.png", png())}
REFUSALS = {
    "a text as picture": (
        {"picture": ("notes.png", b"just text")},
        "notes.png: it holds no picture",
    ),
    "an unknown file as picture": ({"picture": ("a.xyz", b"xyz")}, "a.xyz: it holds no picture"),
    "an empty picture": ({"picture": ("me.png", b"")}, "me.png: the file is empty"),
    "a huge picture": ({"picture": ("big.png", bomb())}, "big.png has more than 50000000 pixels"),
    "a huge tiff": ({"picture": ("big.gif", b"GIF89a" + b"\xff" * 40)}, "big.gif"),
    "a text as video": ({**GOOD, "video": ("notes.mp4", b"x" * 99)}, "notes.mp4 is no video"),
    "a cut video": ({**GOOD, "video": ("c.mp4", b"\0\0\0\x14ftypisom")}, "c.mp4: no readable"),
    "a play list": ({**GOOD, "video": ("list.mp4", PLAY_LIST)}, "list.mp4 is no video"),
    "a picture as video": ({**GOOD, "video": ("p.png", png())}, "p.png is a picture; the driver"),
    "an unknown sample": ({"sample_picture": "../../x"}, "there is no sample '../../x'; there are"),
    "no picture": ({"sample_video": "glasses"}, "send a picture: a file, or the name of a sample"),
    "two pictures": ({**GOOD, **SAMPLES}, "send a picture"),
    "an unknown field": ({**SAMPLES, "path": "/etc/passwd"}, "unknown field 'path'"),
    "an unknown fit": ({**SAMPLES, "fit": "stretch"}, "must be one of crop, pad"),
    "an unknown sound": ({**SAMPLES, "audio": "1"}, "must be one of driving, none"),
    "an unknown switch": ({**SAMPLES, "auto_crop": "yes"}, "must be 0 or 1, not 'yes'"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_name_the_file_as_its_user_does(page, name):
    fields, message = REFUSALS[name]
    if not {"video", "sample_video"} & set(fields):
        fields = {**fields, "sample_video": "glasses"}
    status, error = refused(page, fields)
    assert status == 400
    assert message in error
    assert "maskanim-page-" not in error
    assert "\n" not in error


def test_no_form(page):
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}):
        response = POOL.request("POST", f"{page}/animate", body=b"x", headers=headers)
        assert (response.status, b"no form" in response.data) == (400, True)


def test_too_large(exported, scratch):
    with running(exported, max_request_mb=1) as address:
        large = {**SAMPLES, "sample_video": "", "video": ("film.mp4", bytes(2 << 20))}
        status, error = refused(address.rest, large)
        assert status == 413
        assert "at most 1 MiB" in error
        # The same without a length in front.
        body, kind = urllib3.encode_multipart_formdata(large)
        chunks = (body[start : start + 65536] for start in range(0, len(body), 65536))
        response = POOL.request(
            "POST",
            f"{address.rest}/animate",
            body=chunks,
            headers={"Content-Type": kind},
            chunked=True,
        )
        assert response.status == 413


def test_vanished_clients_and_busy_servers(exported, long_video, scratch):
    with running(exported, page_animations=1) as address:
        with half_done(address.rest, long_video):
            status, error = refused(address.rest, SAMPLES)
            assert (status, error.split(":")[0]) == (503, "the server is busy")
            # Its batches leave room for others.
            assert ask_rest(address, "animate_bytes", PAIR)["frame_bytes"]
            assert list(scratch.glob("*/tmp*/*"))
        until(lambda: post(address.rest, SAMPLES).status == 200)
        until(lambda: not list(scratch.glob("*/tmp*")))
    assert not list(scratch.iterdir())


def test_a_client_that_does_not_read(exported, long_video):
    with (
        running(exported, page_animations=1, request_timeout=2) as address,
        half_done(address.rest, long_video),
    ):
        assert refused(address.rest, SAMPLES)[0] == 503
        until(lambda: post(address.rest, SAMPLES).status == 200)


def test_large_frames_are_sent_as_jpeg():
    frame = cv2.resize(pixels(1)[0], (160, 160))
    content = base64.b64decode(encode_picture(frame))
    assert content.startswith(b"\xff\xd8")
    assert np.abs(decode_frame(content).astype(int) - frame).mean() < 4


def test_a_server_that_stops(exported, long_video, scratch):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with running(exported, grace_seconds=2) as address:
            reader = pool.submit(
                animate, address.rest, {**SAMPLES, "sample_video": "", **files(video=long_video)}
            )
            blocked = pool.submit(half_done(address.rest, long_video).__enter__).result()
            begun = time.monotonic()
        assert time.monotonic() - begun < 8
        with pytest.raises(AssertionError, match="the server stops"):
            reader.result()
        blocked.close()
    assert not list(scratch.iterdir())


def test_results_expire(exported):
    with running(exported, page_results=1, page_result_seconds=2) as address:
        older, newer = (
            json.loads(post(address.rest, SAMPLES).data.splitlines()[-1])["result"]
            for _ in range(2)
        )
        status, answer = http("GET", address.rest + older)
        assert (status, "not kept any more" in answer["error"]) == (404, True)
        part = POOL.request("GET", address.rest + newer, headers={"Range": "bytes=4-7"})
        assert (part.status, part.data) == (206, b"ftyp")
        until(lambda: POOL.request("GET", address.rest + newer).status == 404)


def test_other_sites_are_refused(page, exported):
    def status(method="POST", url=page, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        route = "/animate" if method == "POST" else "/samples"
        return POOL.request(method, url + route, headers=headers).status

    assert status(Origin="http://evil.example") == 403
    assert status(Origin="null") == 403
    assert status(Sec_Fetch_Site="cross-site") == 403
    assert status(Host="evil.example") == 403
    assert status("GET", Host="evil.example:8501") == 403
    # Refused for what they send, not for who they are.
    assert status(Origin=page) == 400
    assert status() == 400
    with running(exported, page_hosts=("studio.example",)) as address:
        assert status("GET", address.rest, Host="studio.example") == 200
        assert status(url=address.rest, Host="studio.example", Origin=address.rest) == 403


@pytest.mark.parametrize("host", ["localhost", "a.localhost:80", "127.0.0.1:1", "[::1]:8501"])
def test_hosts_of_this_machine(host):
    guard, headers = Guard(()), {"Host": host, "Origin": f"http://{host}"}
    guard.check("POST", headers)
    with pytest.raises(ServingError, match="page of another site"):
        guard.check("POST", {**headers, "Origin": "http://evil.example"})


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "[::1", "1.2.3"])
def test_hosts_of_others(host):
    with pytest.raises(ServingError, match="page is not served under"):
        Guard(()).check("GET", {"Host": host})


def test_no_page(exported):
    with running(exported, page_animations=0) as address:
        assert http("GET", address.rest + "/")[0] == 404
        assert http("GET", address.url)[0] == 200
