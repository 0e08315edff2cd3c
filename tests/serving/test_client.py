import http.server
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from maskanim_tf.animation import AnimationOptions
from maskanim_tf.export import saved_model
from maskanim_tf.export.saved_model import SavedModelOptions
from maskanim_tf.media.frame_bytes import encode_png
from maskanim_tf.models import load_animator
from maskanim_tf.puppets import make_clip
from maskanim_tf.serving.api import has_api
from maskanim_tf.serving.client import ClientOptions, connect, main
from maskanim_tf.serving.retries import TransientError, with_retries
from tests.animation.material import decoded, moving_square
from tests.animation.template_files import rewritten, write_templates
from tests.export.commands import animate_locally, perform, run_export
from tests.helpers import REPOSITORY
from tests.media.clip_files import sound_packets, write_picture, write_sounding_video
from tests.serving import test_page
from tests.serving.servers import running
from tests.serving.test_page import files


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A picture and a video with sound, of ten frames."""
    folder = tmp_path_factory.mktemp("material")
    frames = moving_square(10, height=48, width=64, side=16)
    write_picture(folder / "source.png", frames[3])
    write_sounding_video(folder / "driving.mp4", frames, Fraction(25))
    return folder


@pytest.fixture(params=["rest", "grpc"])
def server(request, address):
    if request.param == "grpc" and not (has_api() and address.grpc):
        pytest.skip("needs tensorflow-serving-api and a server of gRPC")
    return address.rest if request.param == "rest" else f"grpc://{address.grpc}"


OWN_WEIGHTS = pytest.mark.skipif(
    "MASKANIM_SERVER_URL" in os.environ, reason="needs the server's own weights"
)


def servers(address):
    return [address.rest, *([f"grpc://{address.grpc}"] if has_api() else [])]


def inputs(material, output):
    return {
        "source": material / "source.png",
        "driving": material / "driving.mp4",
        "output": output,
    }


def ask(material, output, server, **options):
    """Runs the client."""
    perform(main, ClientOptions, **{**inputs(material, output), "server": server, **options})


@OWN_WEIGHTS
@pytest.mark.parametrize("changes", [{}, {"concurrency": 5, "batch_size": 3}])
def test_frames_are_those_of_the_local_command(
    server, material, checkpoint, tmp_path, capsys, changes
):
    ask(material, tmp_path / "served", server, **changes)
    assert "10 frames at 25 per second" in capsys.readouterr().out
    animate_locally(checkpoint, **inputs(material, tmp_path / "local"), batch_size=3)
    contents = contents_of(tmp_path / "local")
    assert contents_of(tmp_path / "served") == contents
    assert len(set(contents.values())) > 5


@OWN_WEIGHTS
def test_frames_of_trained_weights_are_equal_to_the_last_bit(tmp_path):
    clip = make_clip(0, 0, size=64, frames=8)
    write_picture(tmp_path / "source.png", clip.frames[-1])
    write_sounding_video(tmp_path / "driving.mp4", clip.frames[:-1], Fraction(25))
    local = ("--checkpoint=puppets64", "--precision=float32", "--batch_size=3")
    command(tmp_path, "local", "maskanim_tf.animate", *local)
    expected = contents_of(tmp_path / "local")
    assert len(set(expected.values())) == 7
    base_path = tmp_path / "maskanim"
    (base_path / "1").mkdir(parents=True)
    saved_model.save(load_animator("puppets64")[0], SavedModelOptions(), base_path / "1")
    # Neither batches nor how many are under way make a difference.
    command(tmp_path, "run", "maskanim_tf.export.run", f"--model={base_path}", "--batch_size=4")
    assert contents_of(tmp_path / "run") == expected
    with running(base_path) as address:
        for server, number in zip(servers(address), (2, 4)):
            output = tmp_path / f"served-{number}"
            ask(tmp_path, output, server, batch_size=number, concurrency=number)
            assert contents_of(output) == expected, output
        _, *events = page_animation(address.rest, tmp_path)[0]
    shown = [test_page.picture(event, "frame") for event in events]
    pictures = [cv2.imread(str(path)) for path in sorted((tmp_path / "local").iterdir())]
    np.testing.assert_array_equal(shown, pictures)


def command(folder, output, module, *flags):
    """A command in a process of its own, which assumes that weights are frozen, unlike this one."""
    flags = [
        *flags,
        *(f"--{name}={path}" for name, path in inputs(folder, folder / output).items()),
    ]
    subprocess.run(
        [sys.executable, "-m", module, *flags], cwd=REPOSITORY, check=True, capture_output=True
    )


def page_form(material, driver):
    return files(picture=material / "source.png", video=driver)


def page_animation(url, material, driver=None):
    """The events that the page shows, and the video that it offers."""
    return test_page.animate(url, page_form(material, driver or material / "driving.mp4"))


def all_packets(path):
    """Everything in a movie but its note: a server does not say what its weights are called."""
    with av.open(str(path)) as container:
        return [
            (packet.stream_index, packet.pts, packet.duration, bytes(packet))
            for packet in container.demux()
        ]


@OWN_WEIGHTS
def test_options_beyond_the_result(server, material, checkpoint, tmp_path, capsys):
    """Source and driver beside the result; masks on their way from the driver to P_test."""
    how = {
        "view": "side_by_side",
        "output_size": 16,
        "find_best_frame": True,
        "smooth_masks": 0.5,
        "motion": "relative",
    }
    animate_locally(checkpoint, **inputs(material, tmp_path / "local"), **how)
    ask(material, tmp_path / "served", server, **how)
    local, served = capsys.readouterr().out.splitlines()
    assert local.replace("local", "served") == served
    assert "frame 3 of the driver" in local
    assert contents_of(tmp_path / "served") == contents_of(tmp_path / "local")
    with pytest.raises(ValueError, match=r"to which a server over .* gives no access"):
        ask(material, tmp_path / "refused", server, view="all")


@pytest.fixture(scope="module")
def templates(checkpoint, material, tmp_path_factory):
    """That of the video, that of other weights, and one of masks that differ a lot."""
    # A bright bar that grows; codes are differences to the mask before.
    codes = np.zeros((10, 16, 16), np.uint8)
    codes[np.arange(10), :, np.arange(10) + 3] = 255
    folder = tmp_path_factory.mktemp("templates")
    driving = str(material / "driving.mp4")
    return write_templates(folder, checkpoint, codes, driving=driving, audio="driving")


@OWN_WEIGHTS
@pytest.mark.parametrize("kind", ["video", "template"])
def test_movies_are_the_same_wherever_they_are_made(
    kind, address, material, templates, exported, checkpoint, tmp_path
):
    driver = {"video": material / "driving.mp4", "template": templates / "lively.npz"}[kind]
    how = {"driving": driver, "batch_size": 3}
    animate_locally(checkpoint, **{**inputs(material, tmp_path / "local.mp4"), **how})
    frames, rate = decoded(tmp_path / "local.mp4")
    assert (len(frames), rate) == (10, 25)
    assert sound_packets(tmp_path / "local.mp4") == sound_packets(material / "driving.mp4")
    run_export(exported, **{**inputs(material, tmp_path / "run.mp4"), **how})
    for number, server in enumerate(servers(address)):
        ask(material, tmp_path / f"served-{number}.mp4", server, **how)
    events, video = page_animation(address.rest, material, driver)
    assert (events[0]["frames"], events[0]["fps"], events[0]["sound"]) == (10, 25, True)
    (tmp_path / "page.mp4").write_bytes(video.data)
    expected = all_packets(tmp_path / "local.mp4")
    for path in tmp_path.iterdir():
        assert all_packets(path) == expected, path
    if kind == "template":
        assert len({frame.tobytes() for frame in frames}) > 5
        # The masks stand for the driver that is not there.
        masks = [test_page.picture(events[1], key) for key in ("driving", "driving_mask")]
        assert np.abs(cv2.resize(masks[1], (32, 32)).astype(int) - masks[0][..., 0]).max() <= 1


@OWN_WEIGHTS
def test_templates_that_do_not_fit_are_refused(
    server, address, material, templates, exported, tmp_path
):
    small = rewritten(
        templates / "own.npz", tmp_path / "small.npz", codes=np.zeros((10, 8, 8), np.uint8)
    )
    output = tmp_path / "out.mp4"
    for path, message in (
        (templates / "other.npz", "its masks come from another model's mask generator"),
        (small, "its masks are 8x8 pixels, but those of this model 16x16"),
    ):
        with pytest.raises(ValueError, match=message):
            ask(material, output, server, driving=path)
        with pytest.raises(ValueError, match=message):
            run_export(exported, **{**inputs(material, output), "driving": path})
        status, error = test_page.refused(address.rest, page_form(material, path))
        assert (status, path.name in error, message in error) == (400, True, True)
    assert not output.exists()


def test_a_model_of_another_kind(toy):
    for server in servers(toy):
        client = connect(ClientOptions(server=server, model=toy.model))
        with pytest.raises(ValueError, match="serves no model of this project: it lacks"):
            client.shapes()
        client.close()


@pytest.mark.parametrize(
    "signatures", ["[1]", '{"a": {"inputs": {"x": {"tensor_shape": {"dim": [{"size": "many"}]}}}}}']
)
def test_a_server_of_another_kind(signatures):
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            body = f'{{"metadata": {{"signature_def": {{"signature_def": {signatures}}}}}}}'
            self.wfile.write(body.encode())

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        client = connect(ClientOptions(server=f"http://127.0.0.1:{other.server_port}"))
        with pytest.raises(ValueError, match="metadata unlike TensorFlow Serving's"):
            client.shapes()
        client.close()
        other.shutdown()


def contents_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_videos_have_the_driver_s_sound(server, material, tmp_path):
    ask(material, tmp_path / "a.mp4", server, fit="pad", auto_crop=True)
    frames, rate = decoded(tmp_path / "a.mp4")
    assert (len(frames), rate) == (10, 25)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.audio[0].duration
    ask(material, tmp_path / "b.mp4", server, audio="none")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio


def test_a_busy_server_is_asked_again(exported, material, tmp_path, capsys):
    # Four requests at once for a queue that takes one.
    with running(exported, queue_length=1) as address:
        changes = {"batch_size": 1, "concurrency": 4, "attempts": 30}
        ask(material, tmp_path / "a.gif", address.rest, **changes)
        # Nine at once and no second attempt.
        hasty = {"batch_size": 1, "concurrency": 9, "attempts": 1}
        with pytest.raises(OSError, match="queue of requests is full; try again later; gave up"):
            ask(material, tmp_path / "b", address.rest, **hasty)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_server_that_comes_later_is_found(exported, material, tmp_path, protocol):
    if protocol == "grpc" and not has_api():
        pytest.skip("needs tensorflow-serving-api")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheme = "http" if protocol == "rest" else "grpc"
    ended = []
    where = material, tmp_path / "out", f"{scheme}://127.0.0.1:{port}"
    client = threading.Thread(target=lambda: ended.append(ask(*where, attempts=12)))
    client.start()
    time.sleep(0.5)
    with running(exported, **{"port" if protocol == "rest" else "grpc_port": port}):
        client.join(120)
    assert ended == [None]
    assert len(os.listdir(tmp_path / "out")) == 10


@pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")
def test_a_new_version_encodes_the_source_anew(exported, tmp_path):
    base_path = tmp_path / "maskanim"
    shutil.copytree(exported, base_path)
    picture = encode_png(np.full((32, 32, 3), 90, np.uint8))
    with running(base_path) as address:
        client = connect(ClientOptions(server=f"grpc://{address.grpc}"))
        assert client.shapes() == (32, 0, 16)
        client.set_source(picture)
        before = client.animate([picture])
        shutil.copytree(base_path / "1", tmp_path / "2")
        (tmp_path / "2").rename(base_path / "2")
        end = time.monotonic() + 120
        while client._encoded[0] != 2:
            assert client.animate([picture]) == before
            assert time.monotonic() < end
        client.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "nonsense"}, "404|NOT_FOUND"),
        ({"model_version": 77}, "404|NOT_FOUND"),
        ({"model_label": "nonsense"}, "Unrecognized servable version label"),
    ],
)
def test_refusals_end_at_once(server, material, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        ask(material, tmp_path / "a.mp4", server, **changes)
    assert not list(tmp_path.iterdir())


def test_errors_name_the_remedy(material, tmp_path):
    with pytest.raises(ValueError, match="must begin with http://"):
        ClientOptions(server="localhost:8501")
    with pytest.raises(ValueError, match="give --source=PICTURE and --driving=VIDEO"):
        main(ClientOptions(), AnimationOptions())
    with pytest.raises(OSError, match=r"127.0.0.1:9 cannot be reached .*gave up after 2 attempts"):
        ask(material, tmp_path / "a.mp4", "http://127.0.0.1:9", attempts=2)
    with pytest.raises(ValueError, match="unknown ending"):
        ask(material, tmp_path / "a.xyz", "http://127.0.0.1:9")


def test_rest_needs_no_tensorflow(address, material, tmp_path):
    files = {key: str(path) for key, path in inputs(material, tmp_path / "a.mp4").items()}
    wanted = {**files, "server": address.rest, "model": address.model}
    program = (
        "import sys; sys.modules['tensorflow'] = None  # Importing it is an error.\n"
        "from maskanim_tf.animation import AnimationOptions\n"
        "from maskanim_tf.serving.client import ClientOptions, main\n"
        f"main(ClientOptions(**{wanted!r}), AnimationOptions())\n"
        "print([m for m in sys.modules if m.startswith(('maskanim_tf.models', 'keras', 'grpc'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "a.mp4").stat().st_size


def test_retries():
    left = iter([TransientError("busy"), TransientError("busy"), 5])

    def call():
        result = next(left)
        if isinstance(result, Exception):
            raise result
        return result

    assert with_retries(call, 3, first_wait=0.01) == 5
    left = itertools.repeat(TransientError("busy"))
    with pytest.raises(OSError, match="busy; gave up after 2 attempts"):
        with_retries(call, 2, first_wait=0.01)
    left = iter([KeyError("own")])
    with pytest.raises(KeyError):
        with_retries(call, 5)
