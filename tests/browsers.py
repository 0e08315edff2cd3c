"""The Chromium of the system, without a window, and cameras that are films."""

import base64
import contextlib
import shutil

import cv2
import numpy as np
import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium():
    """The path of the system's Chromium; None without one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextlib.contextmanager
def chromium(*flags):
    """A browser; skips the test without one. Only one at a time in a process."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = find_chromium()
    if path is None:
        pytest.skip("needs chromium on the PATH")
    with playwright.sync_playwright() as driver:
        # Chromium's sandbox does not work for root, as which containers run tests.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])
        yield browser
        browser.close()


@contextlib.contextmanager
def new_tab(browser, **how):
    """A tab; what it asks for, and what it complains about, are lists of it."""
    tab = browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **how})
    tab.set_default_timeout(60_000)
    tab.asked, tab.complaints = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("console", lambda message: tab.complaints.append(message.text))
    yield tab
    tab.close()


def visit(tab, url):
    tab.goto(url)
    tab.wait_for_selector("#animate:enabled")


def canvas(tab, key):
    """What a panel shows, uint8 BGRA `[height, width, 4]`."""
    address = tab.eval_on_selector(f"canvas[data-key={key}]", "c => c.toDataURL('image/png')")
    content = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


@contextlib.contextmanager
def chromium_with_camera(folder):
    """A browser whose camera is `camera_film`, which is written into a folder."""
    with chromium(*camera_flags(folder / "film.mjpeg", camera_film())) as browser:
        yield browser


def camera_flags(path, frames):
    """Flags of a Chromium whose camera shows frames, uint8 RGB, over and over."""
    content = b"".join(cv2.imencode(".jpg", frame[..., ::-1])[1].tobytes() for frame in frames)
    path.write_bytes(content)
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    )


def camera_film(count=20, height=120, width=160):
    """Frames whose left half is dark, over which a bright square wanders."""
    frames = np.full((count, height, width, 3), (90, 120, 200), np.uint8)
    frames[:, :, : width // 2] = (40, 20, 20)
    for index, frame in enumerate(frames):
        left = index * (width - 30) // count
        frame[height // 4 : height // 4 + 40, left : left + 30] = (250, 240, 60)
    return frames
