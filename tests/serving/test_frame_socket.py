"""The camera of the page over a WebSocket: frames, back-pressure, refusals, clients that vanish."""

import asyncio
import contextlib
import json
import ssl
import struct
import tempfile
from datetime import datetime, timedelta, timezone

import cv2
import numpy as np
import pytest

from maskanim_tf.media.fitting import fit_square
from maskanim_tf.media.frame_bytes import decode_frame
from maskanim_tf.ops.pixels import as_bytes, as_floats
from maskanim_tf.serving.loaded_model import LoadedModel
from maskanim_tf.serving.local import LocalServer, ServeOptions
from maskanim_tf.serving.page.frame_socket import FRAME_BYTES
from tests.animation.material import pixels
from tests.serving.servers import POOL, running
from tests.serving.test_contract import bomb, png
from tests.serving.test_local import until

aiohttp = pytest.importorskip("aiohttp")

SAMPLE = {"sample_picture": "jumper"}


def jpeg(picture):
    return cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()


def numbered(number, content):
    return struct.pack("<I", number) + content


def parts(answer):
    """Number and pictures of an answer, uint8 RGB `[side, side, 3]` each."""
    (number,) = struct.unpack_from("<I", answer)
    pictures, start = [], 4
    while start < len(answer):
        (length,) = struct.unpack_from("<I", answer, start)
        pictures.append(decode_frame(answer[start + 4 : start + 4 + length]))
        start += 4 + length
    return number, pictures


@contextlib.asynccontextmanager
async def connected(url, first=SAMPLE, picture=None, **how):
    """A socket that has introduced itself, and the event with which the server answers."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/camera", max_msg_size=0, **how) as socket,
    ):
        await socket.send_str(first if isinstance(first, str) else json.dumps(first))
        if picture is not None:
            await socket.send_bytes(picture)
        message = await socket.receive(30)
        yield socket, json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}


async def goodbye(socket, event):
    """Code and reason with which a connection ends."""
    if event.get("event") != "error":
        event = json.loads((await socket.receive(30)).data)
    assert event["event"] == "error"
    closing = await socket.receive(30)
    assert closing.type is aiohttp.WSMsgType.CLOSE
    assert event["error"].startswith(closing.extra)
    return closing.data, event["error"]


def refusal(url, first=SAMPLE, picture=None, message=None):
    """How a connection ends, after one message."""

    async def talk():
        async with connected(url, first, picture) as (socket, event):
            if message is not None:
                assert event["event"] == "start"
                send = socket.send_str if isinstance(message, str) else socket.send_bytes
                await send(message)
            return await goodbye(socket, event)

    return asyncio.run(talk())


def test_frames_come_back_animated(page, exported):
    drivers = pixels(3, seed=3)

    async def ask():
        async with connected(page, {"picture": "me.png"}, png(4, 40)) as (socket, start):
            answers = []
            for number, driver in enumerate(drivers, 7):
                await socket.send_bytes(numbered(number, jpeg(driver)))
                answers.append(parts((await socket.receive(30)).data))
            return start, answers

    start, answers = asyncio.run(ask())
    assert (start["event"], start["size"]) == ("start", 32)
    assert [number for number, _ in answers] == [7, 8, 9]
    source = fit_square(decode_frame(png(4, 40)), 32)
    model = LoadedModel(exported / "1", 1 << 20)
    small = np.stack([fit_square(decode_frame(jpeg(driver)), 32) for driver in drivers])
    inputs = {"source": as_floats(source[None]), "driving": as_floats(small)}
    wanted = model.run("masks", inputs)
    for index, (_, shown) in enumerate(answers):
        for key, picture in zip(("frame", "driving_mask", "refined_mask"), shown):
            exact = as_bytes(wanted[key][index])
            assert picture.shape[:2] == exact.shape[:2]
            # JPEG loses a little.
            assert np.abs(picture.astype(int) - exact).mean() < 4


def test_old_frames_are_dropped_and_the_newest_is_answered(page):
    """A client that sends without waiting: what it sends faster than it is computed is left out."""
    # Large enough that a frame takes longer to decode than to arrive.
    content = jpeg(np.zeros((1500, 1500, 3), np.uint8))
    sent = 300

    async def flood():
        async with connected(page) as (socket, _):
            for number in range(1, sent + 1):
                await socket.send_bytes(numbered(number, content))
            answered = []
            while not answered or answered[-1] != sent:
                answered.append(parts((await socket.receive(30)).data)[0])
            return answered

    answered = asyncio.run(flood())
    assert answered == sorted(set(answered))
    assert len(answered) < sent / 2


BAD_BEGINNINGS = {
    "no JSON": ("picture", None, "must be an object in JSON"),
    "a list": ("[1]", None, "must be an object in JSON"),
    "no picture": ({}, None, "give a sample_picture, or the name"),
    "both": ({**SAMPLE, "picture": "x"}, None, "give a sample_picture, or the name"),
    "an unknown sample": ({"sample_picture": "../x"}, None, "no sample '../x'; there are jumper"),
    "an unknown fit": ({**SAMPLE, "fit": "x"}, None, "fit must be one of crop, pad, not 'x'"),
    "no picture's bytes": ({"picture": "a.png"}, b"text", "a.png: it holds no picture"),
    "a huge picture": ({"picture": "big.png"}, bomb(), "big.png has more than 50000000 pixels"),
    "a bad name": ({"picture": "../../etc/x.mp4"}, b"#EXTM3U file:///", "x.mp4 is no video"),
}


@pytest.mark.parametrize("name", BAD_BEGINNINGS)
def test_bad_beginnings_are_refused(page, name):
    first, picture, message = BAD_BEGINNINGS[name]
    code, reason = refusal(page, first, picture)
    assert code == 1008
    assert message in reason
    assert "maskanim-page-" not in reason


BAD_FRAMES = {
    "a text": ("hello", "a binary message was expected"),
    "nothing": (b"", "must be a number of 4 bytes and a JPEG file"),
    "a number alone": (numbered(1, b""), "this message has 4 bytes"),
    "too many bytes": (bytes(FRAME_BYTES + 1), "together at most 1024 KiB"),
    "no picture": (numbered(5, b"nonsense"), "frame 5 is no JPEG picture"),
    "another picture": (numbered(6, png()), "frame 6 is no JPEG picture"),
    "a cut picture": (numbered(7, b"\xff\xd8\xff\xe0"), "frame 7 is no JPEG picture"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_end_the_connection(page, name):
    message, wanted = BAD_FRAMES[name]
    code, reason = refusal(page, message=message)
    assert code == 1008
    assert wanted in reason


def test_limits(exported):
    async def too_large(url):
        async with connected(url, {"picture": "x.png"}, bytes(2 << 20)) as (socket, _):
            return socket.close_code

    async def many(url):
        async with connected(url) as (_, start):
            assert start["event"] == "start"
            async with connected(url) as (second, event):
                return await goodbye(second, event)

    with running(exported, max_request_mb=1, request_timeout=1.5, page_animations=1) as address:
        assert asyncio.run(too_large(address.rest)) == 1009
        code, reason = asyncio.run(many(address.rest))
        assert (code, reason.split(":")[0]) == (1013, "the server is busy")
        refusals = []

        def heard():
            refusals.append(refusal(address.rest))
            return refusals[-1][0] != 1013

        # The server has yet to notice that the others have gone.
        until(heard, seconds=10)
        assert refusals[-1] == (1008, "nothing came from the camera for 1.5 seconds")


def test_vanished_clients_leave_nothing(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def vanish(url):
        async with connected(url, {"picture": "me.png"}, png()) as (socket, _):
            await socket.send_bytes(numbered(1, jpeg(pixels(1)[0])))
            assert list(tmp_path.glob("*/tmp*/*"))
            socket._response.connection.transport.abort()

    async def try_again(url):
        async with connected(url) as (_, event):
            return event["event"] == "start"

    with running(exported, page_animations=1) as address:
        asyncio.run(vanish(address.rest))
        until(lambda: asyncio.run(try_again(address.rest)))
        until(lambda: not list(tmp_path.glob("*/tmp*")))


def test_a_server_that_stops_says_so(exported):
    async def stop():
        server = LocalServer(ServeOptions(model_base_path=str(exported), port=0, settle_seconds=0))
        await server.start()
        async with connected(f"http://127.0.0.1:{server.port}") as (socket, start):
            assert start["event"] == "start"
            stopping = asyncio.create_task(server.stop())
            said = await goodbye(socket, {})
        await stopping
        return said

    assert asyncio.run(stop()) == (1001, "the server stops")


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
)
def test_other_sites_are_refused(page, headers):
    async def connect():
        async with connected(page, headers=headers):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        asyncio.run(connect())


def write_certificate(path):
    """A certificate that nobody vouches for, and its key, as one PEM file."""
    pytest.importorskip("cryptography", reason="needs cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "maskanim")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(encoding) + private)
    return path


def test_https(exported, tmp_path):
    certificate = write_certificate(tmp_path / "own.pem")

    async def ask(url):
        trusting = ssl.create_default_context(cafile=str(certificate))
        trusting.check_hostname = False
        async with connected(url, ssl=trusting, headers={"Origin": url}) as (socket, start):
            await socket.send_bytes(numbered(1, jpeg(pixels(1)[0])))
            return start["event"], parts((await socket.receive(30)).data)[0]

    with running(exported, certificate=str(certificate)) as address:
        url = address.rest.replace("http:", "https:")
        assert asyncio.run(ask(url)) == ("start", 1)
        with pytest.raises(Exception, match="Connection"):
            POOL.request("GET", address.rest)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"certificate": "missing.pem"}, "missing.pem and its key .* cannot be used"),
        ({"certificate": __file__}, "cannot be used .* must be PEM files"),
        ({"private_key": "key.pem"}, "give --certificate=FILE, too"),
    ],
)
def test_wrong_certificates(exported, options, message):
    with pytest.raises(ValueError, match=message):
        LocalServer(ServeOptions(model_base_path=str(exported), **options))
