"""The page without a server: its files, its runtime, and its frames in a real browser."""

import contextlib
import dataclasses
import functools
import hashlib
import http.server
import io
import json
import tarfile
import threading
from base64 import b64encode

import cv2
import numpy as np
import onnx
import pytest

from maskanim_tf.export import browser as browser_files
from maskanim_tf.export import web, web_runtime
from maskanim_tf.export.onnx_runtime import OnnxRuntime
from maskanim_tf.export.shared_weights import WEIGHTS, SharedWeights
from maskanim_tf.export.web import WebOptions
from maskanim_tf.ops.pixels import as_bytes
from tests.animation.material import decoded, moving_square, pixels
from tests.browsers import canvas, chromium_with_camera, new_tab, visit
from tests.media.clip_files import write_picture, write_sounding_video
from tests.serving.test_local import until

onnxruntime = pytest.importorskip("onnxruntime")
LEVELS = 2


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """ONNX Runtime Web as npm packs it."""
    path = tmp_path_factory.mktemp("npm") / web_runtime.PACKAGE.archive
    try:
        path.write_bytes(web_runtime.PACKAGE.read("", "runtime"))
    except OSError as error:
        pytest.skip(f"needs npm's registry: {error}")
    return path


@pytest.fixture(scope="module")
def folder(archive, checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "page"
    web.main(WebOptions(checkpoint=checkpoint, output=str(folder), runtime=str(archive)))
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """The address of a server of files."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page(folder):
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium_with_camera(tmp_path_factory.mktemp("camera")) as browser:
        yield browser


@pytest.fixture
def tab(browser):
    # Replays stand still at their last frame.
    with new_tab(browser, reduced_motion="reduce") as tab:
        yield tab


def expected(folder, source, driving):
    """Frames of ONNX Runtime in Python, from uint8 RGB ones."""
    runtime = OnnxRuntime(folder)
    runtime.set_source(source)
    result = runtime.animate(driving, ("frame", "perturbed_mask"))
    return {key: as_bytes(value) for key, value in result.items()}


def shown(tab, key):
    return canvas(tab, key)[..., 2::-1]


def assert_shown_is_what_python_computes(tab, folder):
    wanted = expected(folder, shown(tab, "source"), shown(tab, "driving")[None])
    for key, picture in wanted.items():
        difference = shown(tab, key).astype(int) - picture[0]
        assert np.abs(difference).max() <= LEVELS, key
    assert shown(tab, "frame").std() > 3


def test_files(folder):
    names = {path.name for path in folder.iterdir()}
    assert {"index.html", "animate.onnx", "source_mask.onnx", "model_card.json"} < names
    assert {path.name for path in (folder / "runtime").iterdir()} == {
        *web_runtime.FILES,
        "NOTICE",
    }
    model = json.loads((folder / "samples.json").read_text())["model"]
    assert model == {"name": "tiny", "size": 32}
    card = json.loads((folder / "model_card.json").read_text())
    assert card["runtime"] == "onnxruntime-web 1.30.0"
    assert max(card["parity"]["differences"].values()) < 1e-2


def test_frames_are_those_of_onnx_runtime(tab, page, folder):
    visit(tab, page)
    rng = np.random.default_rng(0)
    source, *driving = rng.integers(0, 256, (5, 32, 32, 4), np.uint8)
    frames = tab.evaluate(
        """async ([source, ...driving]) => {
          const { Engine } = await import("./engine.js");
          const engine = await Engine.start("wasm");
          await engine.setSource({ data: Uint8ClampedArray.from(source) });
          const frames = [];
          for (const pixels of driving) {
            const made = await engine.animate({ data: Uint8ClampedArray.from(pixels) });
            frames.push([...made.frame.data]);
          }
          return frames;
        }""",
        [each.ravel().tolist() for each in (source, *driving)],
    )
    wanted = expected(folder, source[..., :3], np.stack(driving)[..., :3])["frame"]
    made = np.array(frames).reshape(-1, 32, 32, 4)[..., :3]
    assert np.abs(made - wanted.astype(int)).max() <= LEVELS


def test_a_sample(tab, page, folder):
    visit(tab, page)
    tab.click("#animate")
    tab.wait_for_selector("#download:visible")
    assert "Done: 50 frames" in tab.inner_text("#status")
    assert "· Web" in tab.inner_text("#model")
    assert tab.evaluate("crossOriginIsolated")
    assert_shown_is_what_python_computes(tab, folder)
    assert not tab.complaints
    # Nothing is sent, and nothing is fetched from elsewhere.
    assert all(url.startswith((page, "blob:")) for url in tab.asked)


def test_own_files_and_saving(tab, page, folder, tmp_path):
    picture = write_picture(tmp_path / "me.png", pixels(1, size=48)[0])
    video = write_sounding_video(tmp_path / "film.mp4", moving_square())
    visit(tab, page)
    tab.set_input_files("input[name=picture]", picture)
    tab.set_input_files("input[name=video]", video)
    tab.click("#animate")
    tab.wait_for_selector("#download:visible")
    assert_shown_is_what_python_computes(tab, folder)
    wanted = cv2.resize(cv2.imread(str(picture)), (32, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(canvas(tab, "source")[..., :3].astype(int) - wanted).mean() < 12
    with tab.expect_download() as started:
        tab.click("#download")
    saved = tmp_path / started.value.suggested_filename
    started.value.save_as(saved)
    frames, _ = decoded(saved)
    assert len(frames) > 2
    assert frames.shape[1:] == (32, 32, 3)
    assert np.abs(frames[-1].astype(int) - shown(tab, "frame")).mean() < 16


def test_a_camera(tab, page, folder):
    visit(tab, page)
    tab.check("input[value=camera]", force=True)
    tab.click("#animate")
    tab.wait_for_selector("#status:has-text('frames per second')")
    before = {key: shown(tab, key) for key in ("driving", "frame")}
    for key, picture in before.items():
        until(lambda key=key, picture=picture: not np.array_equal(shown(tab, key), picture))
    tab.click("#cancel")
    tab.wait_for_selector("#status:has-text('Stopped.')")
    assert tab.is_hidden("#error")
    assert all(url.startswith((page, "blob:")) for url in tab.asked)


def test_what_the_user_is_told(tab, page, tmp_path):
    notes, film = tmp_path / "notes.png", tmp_path / "film.mp4"
    notes.write_text("no picture")
    film.write_text("no film")

    def told(words):
        tab.click("#animate")
        tab.wait_for_selector(f"#error:has-text('{words}')")
        assert tab.is_enabled("#animate")

    visit(tab, page)
    tab.set_input_files("input[name=video]", film)
    told("film.mp4 is no video that this browser can play.")
    tab.set_input_files("input[name=picture]", notes)
    told("notes.png is no picture that this browser can read.")
    visit(tab, f"{page}/?backend=abacus")
    told("The model does not run here: this browser has no abacus.")


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_its_window(browser, page, width):
    with new_tab(browser, viewport={"width": width, "height": 740}) as tab:
        visit(tab, page)
        assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("half", [True, False])
def test_graphs_share_weights(half, tmp_path):
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=(64, 32)).astype(np.float32), np.ones(32, np.float32)
    x = rng.normal(size=(1, 64)).astype(np.float32)
    constants = {"large": large, "small": small}
    with (tmp_path / WEIGHTS).open("wb") as file:
        weights = SharedWeights(file, half)
        for name in ("first", "second"):
            graph = onnx.helper.make_graph(
                [
                    onnx.helper.make_node("MatMul", ["x", "large"], ["y"]),
                    onnx.helper.make_node("Add", ["y", "small"], ["z"]),
                ],
                "graph",
                [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 64])],
                [onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1, 32])],
                [onnx.numpy_helper.from_array(v, n) for n, v in constants.items()],
            )
            weights.take_from(graph)
            model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
            model.ir_version = 8
            (tmp_path / name).write_bytes(model.SerializeToString())
            assert (tmp_path / name).stat().st_size < 1024
    assert (tmp_path / WEIGHTS).stat().st_size == (2 if half else 4) * large.size
    for name in ("first", "second"):
        (z,) = onnxruntime.InferenceSession(str(tmp_path / name)).run(None, {"x": x})
        wanted = x @ large.astype(np.float16 if half else np.float32).astype(np.float32) + 1
        np.testing.assert_allclose(z, wanted, rtol=1e-5)


def test_another_archive_is_refused(checkpoint, tmp_path):
    other = tmp_path / "other.tgz"
    other.write_bytes(b"another version")
    options = WebOptions(checkpoint=checkpoint, output=str(tmp_path / "x"), runtime=str(other))
    with pytest.raises(ValueError, match=r"is not onnxruntime-web 1\.30\.0: its checksum differs"):
        web.main(options)
    assert list(tmp_path.iterdir()) == [other]


def test_without_a_network(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    options = WebOptions(checkpoint=checkpoint, output=str(tmp_path / "x"))
    with pytest.raises(OSError, match=r"cannot be had .*refused.* --runtime=onnxruntime-web-1"):
        web.main(options)
    assert not list(tmp_path.iterdir())


def test_without_npm_the_registry_is_asked(tmp_path, monkeypatch):
    """A registry of our own, whose package is small; the checksum is of that."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as package:
        for name in web_runtime.FILES:
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(name)
            package.addfile(member, io.BytesIO(name.encode()))
    packed = tmp_path / "onnxruntime-web" / "-" / web_runtime.PACKAGE.archive
    packed.parent.mkdir(parents=True)
    packed.write_bytes(content.getvalue())
    digest = b64encode(hashlib.sha512(content.getvalue()).digest()).decode()
    package = dataclasses.replace(web_runtime.PACKAGE, sha512=digest)
    monkeypatch.setattr(web_runtime, "PACKAGE", package)
    monkeypatch.setenv("PATH", str(tmp_path))
    with served(tmp_path) as registry:
        monkeypatch.setenv("npm_config_registry", f"{registry}/")
        web_runtime.install_runtime(tmp_path / "runtime")
    for name in web_runtime.FILES:
        assert (tmp_path / "runtime" / name).read_text() == name


def test_an_installed_package_has_the_pages_files():
    here = {
        path.name for path in browser_files.FOLDER.iterdir() if path.suffix[1:] not in ("py", "")
    }
    assert here == {*browser_files.SHARED, *browser_files.ALONE}
