"""The page's camera in a real browser, whose camera is a film."""

import concurrent.futures
import contextlib
import threading

import numpy as np
import pytest

from tests.browsers import canvas, chromium_with_camera, new_tab, visit
from tests.serving.servers import ask_rest, running
from tests.serving.test_contract import PAIR
from tests.serving.test_local import until

# Counts what goes over WebSockets, and notes how much was under way at most.
COUNTER = """
window.traffic = {sent: 0, answered: 0, most: 0};
window.WebSocket = class extends WebSocket {
  constructor(...how) {
    super(...how);
    this.addEventListener("message", ({data}) => {
      if (typeof data !== "string") traffic.answered += 1;
    });
  }
  send(data) {
    if (typeof data !== "string") {
      traffic.sent += 1;
      traffic.most = Math.max(traffic.most, traffic.sent - traffic.answered);
    }
    super.send(data);
  }
};
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium_with_camera(tmp_path_factory.mktemp("camera")) as browser:
        yield browser


@pytest.fixture
def tab(browser):
    with new_tab(browser) as tab:
        tab.add_init_script(COUNTER)
        yield tab


def start_camera(tab, url):
    visit(tab, url)
    tab.check("input[value=camera]", force=True)
    tab.click("#animate")


def traffic(tab):
    return tab.evaluate("traffic")


def test_a_camera_drives_the_picture(tab, exported):
    with running(exported) as address:
        start_camera(tab, address.rest)
        tab.wait_for_selector("#status:has-text('frames per second')")
        assert tab.is_visible("input[name=mirror]")
        assert tab.is_hidden("input[name=audio]")
        panels = {key: canvas(tab, key) for key in ("source", "driving", "frame")}
        for picture in panels.values():
            assert picture.shape == (32, 32, 4)
            assert picture[..., :3].std() > 3
        # The dark half of the film is on the other side, as in a mirror.
        assert panels["driving"][28:, :12, 0].mean() > panels["driving"][28:, 20:, 0].mean() + 50
        assert canvas(tab, "driving_mask").shape[:2] == (16, 16)
        for key in ("driving", "frame"):
            until(lambda key=key: not np.array_equal(canvas(tab, key), panels[key]))
        tab.uncheck("input[name=mirror]")
        until(lambda: canvas(tab, "driving")[28:, :12, 0].mean() < 60)
        tab.click("#cancel")
        tab.wait_for_selector("#status:has-text('Stopped.')")
        assert tab.is_enabled("#animate")
        assert tab.is_hidden("#error")
    assert traffic(tab)["most"] <= 2
    assert not tab.complaints


def test_what_was_still_being_painted_says_nothing_after_a_stop(tab, exported):
    with running(exported) as address:
        start_camera(tab, address.rest)
        tab.wait_for_selector("#status:has-text('frames per second')")
        # Until pictures are decoded, the user can stop.
        tab.evaluate(
            """() => {
              const decode = window.createImageBitmap;
              window.decoded = 0;
              window.createImageBitmap = async (...how) => {
                await new Promise((done) => setTimeout(done, 300));
                window.decoded += 1;
                return decode(...how);
              };
            }"""
        )
        until(lambda: tab.evaluate("decoded") > 0)
        tab.click("#cancel")
        tab.wait_for_selector("#status:has-text('Stopped.')")
        tab.wait_for_timeout(1500)
        assert tab.text_content("#status") == "Stopped."
    assert not tab.complaints


@contextlib.contextmanager
def busy(address):
    """Somebody who keeps the only thread of a server at work."""
    done = threading.Event()
    many = {key: value * 40 for key, value in PAIR.items()}

    def ask():
        while not done.is_set():
            ask_rest(address, "animate_bytes", many)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        askers = [pool.submit(ask) for _ in range(2)]
        try:
            yield
        finally:
            done.set()
        for asker in askers:
            asker.result()


def test_no_queue_grows_when_the_server_is_slow(tab, exported):
    with running(exported, threads=1) as address, busy(address):
        start_camera(tab, address.rest)
        until(lambda: traffic(tab)["answered"] >= 8)
        assert traffic(tab)["most"] <= 2
        assert tab.is_hidden("#error")


def test_what_the_user_is_told(browser, exported):
    with (
        running(exported, page_animations=1) as address,
        new_tab(browser) as first,
        new_tab(browser) as second,
    ):
        start_camera(first, address.rest)
        first.wait_for_selector("#status:has-text('frames per second')")
        start_camera(second, address.rest)
        second.wait_for_selector("#error:has-text('The server is busy')")
        assert second.is_enabled("#animate")
        second.evaluate(
            """() => {
              navigator.mediaDevices.getUserMedia = async () => {
                throw new DOMException("", "NotFoundError");
              };
            }"""
        )
        second.click("#animate")
        second.wait_for_selector("#error:has-text('No camera was found; plug one in')")
        # As on pages that are neither of this machine nor encrypted.
        second.evaluate(
            "() => Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
        )
        second.click("#animate")
        second.wait_for_selector("#error:has-text('only to pages over HTTPS')")


def test_a_server_that_stops(tab, exported):
    with running(exported) as address:
        start_camera(tab, address.rest)
        tab.wait_for_selector("#status:has-text('frames per second')")
    tab.wait_for_selector("#error:has-text('The server stops.')")
    assert tab.is_enabled("#animate")


def test_a_camera_that_is_unplugged(tab, exported):
    with running(exported) as address:
        visit(tab, address.rest)
        tab.evaluate(
            """() => {
              const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
              devices.getUserMedia = async (how) => (window.stream = await open(how));
            }"""
        )
        tab.check("input[value=camera]", force=True)
        tab.click("#animate")
        tab.wait_for_selector("#status:has-text('frames per second')")
        tab.evaluate("stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
        tab.wait_for_selector("#error:has-text('The camera was unplugged.')")
        assert tab.is_enabled("#animate")
