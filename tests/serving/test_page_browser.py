"""The page in a real browser: the Chromium of the system, without a window."""

import cv2
import numpy as np
import pytest

from tests.animation.material import decoded, moving_square, pixels
from tests.browsers import canvas, chromium, new_tab, visit
from tests.media.clip_files import write_opencv_video, write_picture, write_sounding_video
from tests.serving.servers import running
from tests.serving.test_local import until

PANELS = ("source", "driving", "driving_mask", "refined_mask", "frame")


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser):
    with new_tab(browser) as tab:
        yield tab


def download(tab, path):
    with tab.expect_download() as started:
        tab.click("#download")
    started.value.save_as(path)
    return decoded(path)[0]


def assert_replay(tab):
    before = canvas(tab, "driving")
    until(lambda: not np.array_equal(canvas(tab, "driving"), before))


def test_a_sample(tab, page, tmp_path):
    visit(tab, page)
    until(lambda: tab.eval_on_selector(".tile video", "video => video.videoWidth") == 256)
    tab.click("#animate")
    tab.wait_for_selector("#download:visible")
    assert "Done: 50 frames" in tab.inner_text("#status")
    shown = [canvas(tab, key) for key in PANELS]
    for picture in shown:
        assert picture[..., 3].min() == 255
        assert picture[..., :3].std() > 3
    assert [len(picture) for picture in shown] == [32, 32, 16, 16, 32]
    resized = [cv2.resize(picture, (32, 32)).astype(float) for picture in shown]
    for index, picture in enumerate(resized):
        for other in resized[:index]:
            assert np.abs(picture - other).mean() > 2
    frames = download(tab, tmp_path / "animation.mp4")
    assert frames.shape == (50, 32, 32, 3)
    assert_replay(tab)
    tab.wait_for_selector("#movie:visible")
    assert tab.eval_on_selector("#movie", "m => m.currentTime > 0 && !m.paused && m.loop")
    assert not tab.complaints
    assert all(url.startswith((page, "blob:")) for url in tab.asked)


def test_a_browser_that_cannot_play_the_video(tab, page):
    visit(tab, page)
    tab.route("**/results/*", lambda route: route.abort())
    tab.click("#animate")
    tab.wait_for_selector("#download:visible")
    assert_replay(tab)
    assert_replay(tab)
    assert tab.is_hidden("#movie")
    assert tab.is_visible("canvas[data-key=frame]")


def test_own_files(tab, page, tmp_path):
    picture = write_picture(tmp_path / "me.png", pixels(1, size=48)[0])
    video = write_sounding_video(tmp_path / "film.mp4", moving_square())
    visit(tab, page)
    tab.set_input_files("input[name=picture]", picture)
    tab.set_input_files("input[name=video]", video)
    assert tab.inner_text("#choice-video .tile.file") == "film.mp4"
    tab.click("#animate")
    tab.wait_for_selector("#download:visible")
    assert len(download(tab, tmp_path / "animation.mp4")) == 12
    source = canvas(tab, "source")[..., :3]
    wanted = cv2.resize(cv2.imread(str(picture)), (32, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(source.astype(int) - wanted).max() <= 1
    # A sample takes the place of the file.
    tab.check("input[value=glasses] >> nth=0", force=True)
    assert not tab.query_selector("#choice-picture .tile.file")
    assert tab.eval_on_selector("input[name=picture]", "i => i.files.length") == 0
    assert not tab.complaints


def test_what_the_user_is_told(tab, exported, tmp_path):
    notes, large = tmp_path / "notes.png", tmp_path / "large.png"
    notes.write_text("no picture")
    large.write_bytes(bytes(2 << 20))
    frames = np.tile(pixels(20), (50, 1, 1, 1))
    long = write_opencv_video(tmp_path / "long.mp4", frames, "mp4v")

    def told(words, selector="#error"):
        tab.wait_for_selector(f"{selector}:has-text('{words}')")
        assert words in tab.inner_text(selector)
        assert tab.is_enabled("#animate")
        assert tab.is_hidden("#cancel")

    with running(exported, max_request_mb=1) as address:
        visit(tab, address.rest)
        tab.set_input_files("input[name=picture]", large)
        tab.click("#animate")
        told("this server takes at most 1.0 MiB")
        tab.set_input_files("input[name=picture]", notes)
        tab.click("#animate")
        told("notes.png: it holds no picture that is known")
        tab.wait_for_selector("#choice-picture .tile.file .blank")
        tab.check("input[value=glasses] >> nth=0", force=True)
        tab.set_input_files("input[name=video]", long)
        tab.click("#animate")
        tab.wait_for_selector("#status:has-text('of 1000 frames')")
        tab.click("#cancel")
        told("Stopped.", "#status")
        assert tab.is_hidden("#error")
    tab.click("#animate")
    told("The connection to the server was lost.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(browser, page, scheme):
    tab = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    visit(tab, page)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    color, ground = (
        tab.eval_on_selector("body", f"b => getComputedStyle(b).{name}").strip("rgb()").split(",")
        for name in ("color", "backgroundColor")
    )
    contrast = np.mean(np.array(ground, float)) - np.mean(np.array(color, float))
    assert (contrast > 150) == (scheme == "light")
    # By keyboard alone.
    tab.focus("input[name=sample_picture]:checked")
    tab.keyboard.press("ArrowRight")
    assert tab.input_value("input[name=sample_picture]:checked") == "glasses"
    tab.focus("#animate")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#download:visible")
    tab.close()
