import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from export import saved_model
from export.saved_model import SavedModelOptions
from maskanim_tf import animate
from maskanim_tf.animate import AnimateOptions
from maskanim_tf.animation import AnimationOptions
from maskanim_tf.models import load_animator
from maskanim_tf.puppets import make_clip
from serving.api import has_api
from serving.client import ClientOptions, main
from serving.retries import TransientError, in_order, with_retries
from tests.animation.material import decoded, moving_square
from tests.helpers import REPOSITORY
from tests.media.clip_files import write_picture, write_sounding_video
from tests.serving.servers import running


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


def options(material, output, server, **changes):
    return ClientOptions(
        source=str(material / "source.png"),
        driving=str(material / "driving.mp4"),
        output=str(output),
        server=server,
        **changes,
    )


@pytest.mark.skipif("MASKANIM_SERVER_URL" in os.environ, reason="needs the server's own weights")
@pytest.mark.parametrize("changes", [{}, {"concurrency": 5, "batch_size": 3}])
def test_frames_are_those_of_the_local_command(
    server, material, checkpoint, tmp_path, capsys, changes
):
    main(options(material, tmp_path / "served", server, **changes))
    assert "10 frames at 25 per second" in capsys.readouterr().out
    contents = animated(material, tmp_path / "local", checkpoint=checkpoint)
    assert contents_of(tmp_path / "served") == contents
    assert len(set(contents.values())) > 5


@pytest.mark.skipif("MASKANIM_SERVER_URL" in os.environ, reason="needs the server's own weights")
def test_frames_of_trained_weights_are_equal_to_the_last_bit(tmp_path):
    clip = make_clip(0, 0, size=64, frames=22)
    write_picture(tmp_path / "source.png", clip.frames[-1])
    write_sounding_video(tmp_path / "driving.mp4", clip.frames[:-1], Fraction(25))
    # In a process of its own, which assumes that weights are frozen, unlike this one.
    command = [sys.executable, "-m", "maskanim_tf.animate", f"--source={tmp_path / 'source.png'}"]
    command += ["--precision=float32"]
    command += [f"--driving={tmp_path / 'driving.mp4'}", f"--output={tmp_path / 'local'}"]
    subprocess.run([*command, "--batch_size=3"], cwd=REPOSITORY, check=True, capture_output=True)
    expected = contents_of(tmp_path / "local")
    assert len(set(expected.values())) == 21
    base_path = tmp_path / "maskanim"
    (base_path / "1").mkdir(parents=True)
    saved_model.save(load_animator()[0], SavedModelOptions(), base_path / "1")
    with running(base_path) as address:
        for server in (address.rest, *([f"grpc://{address.grpc}"] if has_api() else [])):
            # Neither batches nor how many are under way make a difference.
            for number in (2, 4):
                output = tmp_path / f"served-{number}-{server[:4]}"
                main(options(tmp_path, output, server, batch_size=number, concurrency=number))
                assert contents_of(output) == expected, output


def animated(material, output, checkpoint=""):
    """The files of the local command."""
    inputs = {"source": str(material / "source.png"), "driving": str(material / "driving.mp4")}
    wanted = AnimateOptions(
        **inputs, output=str(output), checkpoint=checkpoint, precision="float32"
    )
    animate.main(wanted, AnimationOptions(batch_size=3))
    return contents_of(output)


def contents_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_videos_have_the_driver_s_sound(server, material, tmp_path):
    main(options(material, tmp_path / "a.mp4", server, fit="pad", auto_crop=True))
    frames, rate = decoded(tmp_path / "a.mp4")
    assert (len(frames), rate) == (10, 25)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.audio[0].duration
    main(options(material, tmp_path / "b.mp4", server, audio=False))
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio


def test_a_busy_server_is_asked_again(exported, material, tmp_path, capsys):
    # Four requests at once for a queue that takes one.
    with running(exported, queue_length=1) as address:
        changes = {"batch_size": 1, "concurrency": 4, "attempts": 30}
        main(options(material, tmp_path / "a.gif", address.rest, **changes))
        # Nine at once and no second attempt.
        hasty = {"batch_size": 1, "concurrency": 9, "attempts": 1}
        with pytest.raises(OSError, match="queue of requests is full; try again later; gave up"):
            main(options(material, tmp_path / "b", address.rest, **hasty))
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
    wanted = options(material, tmp_path / "out", f"{scheme}://127.0.0.1:{port}", attempts=12)
    client = threading.Thread(target=lambda: ended.append(main(wanted)))
    client.start()
    time.sleep(0.5)
    with running(exported, **{"port" if protocol == "rest" else "grpc_port": port}):
        client.join(30)
    assert ended == [None]
    assert len(os.listdir(tmp_path / "out")) == 10


@pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")
def test_a_new_version_encodes_the_source_anew(exported, material, tmp_path):
    import shutil

    from serving.frame_bytes import encode_png

    from serving.client import connect

    base_path = tmp_path / "maskanim"
    shutil.copytree(exported, base_path)
    picture = encode_png(np.full((32, 32, 3), 90, np.uint8))
    with running(base_path) as address:
        client = connect(options(material, "", f"grpc://{address.grpc}"))
        assert client.shapes() == (32, 0)
        client.set_source(picture)
        before = client.animate([picture])
        shutil.copytree(base_path / "1", tmp_path / "2")
        (tmp_path / "2").rename(base_path / "2")
        end = time.monotonic() + 20
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
        main(options(material, tmp_path / "a.mp4", server, **changes))
    assert not list(tmp_path.iterdir())


def test_errors_name_the_remedy(material, tmp_path):
    with pytest.raises(ValueError, match="must begin with http://"):
        ClientOptions(server="localhost:8501")
    with pytest.raises(ValueError, match="give it with --source=PATH"):
        main(ClientOptions())
    wanted = options(material, tmp_path / "a.mp4", "http://127.0.0.1:9", attempts=2)
    with pytest.raises(OSError, match=r"127.0.0.1:9 cannot be reached .*gave up after 2 attempts"):
        main(wanted)
    with pytest.raises(ValueError, match="unknown ending"):
        main(options(material, tmp_path / "a.xyz", "http://127.0.0.1:9"))


def test_rest_needs_no_tensorflow(address, material, tmp_path):
    wanted = options(material, tmp_path / "a.mp4", address.rest, model=address.model)
    program = (
        "import sys; sys.modules['tensorflow'] = None  # Importing it is an error.\n"
        "from serving.client import ClientOptions, main\n"
        f"main(ClientOptions(**{wanted.to_dict()!r}))\n"
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


def test_results_come_in_order_and_items_are_taken_as_needed():
    taken, at_once, most = [], [0], [0]
    lock = threading.Lock()

    def items():
        for number in range(30):
            taken.append(number)
            yield number

    def work(number):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.002 * (number % 3))
        with lock:
            at_once[0] -= 1
        return number

    results = in_order(work, items(), 4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 8
    assert list(results) == list(range(3, 30))
    assert most[0] == 4
