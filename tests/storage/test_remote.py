import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.shards.shard_clips import ShardClips
from maskanim_tf.storage import locations, remote, stores
from tests.data.prepared import preparation, write_clips
from tests.helpers import REPOSITORY

HAS_STORE = any(map(importlib.util.find_spec, ("tensorflow_io", "s3fs")))
HAS_MOTO = importlib.util.find_spec("moto") is not None
needs_store = pytest.mark.skipif(not HAS_STORE, reason="needs tensorflow-io or s3fs")
needs_moto = pytest.mark.skipif(not HAS_MOTO, reason="needs moto[server]")

# The S3 client of a process is set up once, so every setting needs a process of its own. Results
# go to a file: whether the process ends well is part of the test.
PROLOGUE = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from maskanim_tf.storage.locations import *
from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.data.shards.shard_clips import ShardClips
from tests.data.prepared import preparation
def error_of(function, *arguments):
    start = time.monotonic()
    try:
        return ["no error", repr(function(*arguments)), 0]
    except Exception as error:
        return [type(error).__name__, str(error), time.monotonic() - start]
def write(location, content):
    with whole_file(location) as path:
        path.write_bytes(content)
"""


def run_with_s3(tmp_path, endpoint, program):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("S3_")},
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "RESULT": str(tmp_path / "result.json"),
    }
    epilogue = "import os; json.dump(result, open(os.environ['RESULT'], 'w'))"
    finished = subprocess.run(
        [sys.executable, "-c", PROLOGUE + program + "\n" + epilogue],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads((tmp_path / "result.json").read_text())


@pytest.fixture
def s3():
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="bucket")
    yield endpoint, client
    # What is stored belongs to the process, not to the server.
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"))
    server.stop()


@needs_moto
@needs_store
def test_weights_in_s3(s3, tmp_path):
    endpoint, client = s3
    program = """
import numpy as np
from maskanim_tf.models.weights import weight_arrays, write_arrays
from maskanim_tf.models import build_networks, load_weights
from tests.helpers import TINY_MODEL
one, other = build_networks(TINY_MODEL), build_networks(TINY_MODEL)
write_arrays("s3://bucket/run/weights.npz", weight_arrays(one))
load_weights(other, "s3://bucket/run/weights.npz")
pairs = zip(one.mask_generator.get_weights(), other.mask_generator.get_weights())
result = [bool(np.array_equal(a, b)) for a, b in pairs]
result.append(error_of(load_weights, other, "s3://bucket/run/absent.npz")[:2])
"""
    *equal, (kind, message) = run_with_s3(tmp_path, endpoint, program)
    assert all(equal)
    assert len(equal) > 10
    assert (kind, message) == ("FileNotFoundError", "no weight file s3://bucket/run/absent.npz")
    (found,) = client.list_objects_v2(Bucket="bucket")["Contents"]
    assert found["Key"] == "run/weights.npz"


@needs_store
@needs_moto
def test_shards_in_s3(s3, tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    endpoint, client = s3
    clips = write_clips(tmp_path / "in", {"a": 3, "b": 5, "c": 4})
    program = f"""
config = preparation({str(tmp_path / "in")!r}, "s3://bucket/some/set")
prepare(config)
again = error_of(prepare, config)
reader = ShardClips("s3://bucket/some/set")
frames = [reader.read_frames(c, range(n)).tolist() for c, n in enumerate(reader.frame_counts)]
write("s3://bucket/file", b"0123456789")
write("s3://bucket/empty", b"")
result = dict(
    names=reader.names, frames=frames, again=again,
    ranges=[read_range("s3://bucket/file", at, 3).decode() for at in (2, 8, 10, 12)],
    threads=list(ThreadPoolExecutor(8).map(
        lambda at: read_range("s3://bucket/file", at % 10, 1).decode(), range(40)
    )),
    whole=read_file("s3://bucket/file").decode(), empty=read_file("s3://bucket/empty").decode(),
    there=[exists("s3://bucket/" + name) for name in ("file", "empty", "no", "some")],
    listed=[list_folder("s3://bucket" + name) for name in ("", "/some/set", "/x")],
    no_object=error_of(read_file, "s3://bucket/nothing"),
    no_bucket=error_of(write, "s3://absent/file", b""),
    no_data=error_of(ShardClips, "s3://bucket/nothing"),
)
remove("s3://bucket/file"), remove("s3://bucket/file")
result["removed"] = not exists("s3://bucket/file")
"""
    result = run_with_s3(tmp_path, endpoint, program)
    assert result["names"] == ["a", "b", "c"]
    for frames, expected in zip(result["frames"], clips.values()):
        np.testing.assert_array_equal(frames, expected)
    assert result["again"][0] == "no error"
    assert result["ranges"] == ["234", "89", "", ""]
    assert "".join(result["threads"]) == "0123456789" * 4
    assert (result["whole"], result["empty"]) == ("0123456789", "")
    assert result["there"] == [True, True, False, False]
    assert result["listed"][0] == ["empty", "file", "some"]
    assert result["listed"][1] == ["configuration.json", "manifest.json", "train"]
    assert result["listed"][2] == []
    assert result["removed"]
    for case in ("no_object", "no_bucket"):
        assert result[case][0] == "FileNotFoundError"
        assert re.search(r"s3://\w+/\w+: no such object, or no such bucket", result[case][1])
    assert "no manifest.json in s3://bucket/nothing" in result["no_data"][1]
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="bucket")["Contents"]]
    assert sum(key.endswith(".tfrecord") for key in keys) == 2
    assert not any("partial" in key for key in keys)


def reset_auth(endpoint, allowed):
    url, header = f"{endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, allowed.encode(), header)).close()


@needs_store
@needs_moto
def test_refused_credentials(s3, tmp_path):
    endpoint, _ = s3
    reset_auth(endpoint, "0")  # From now on, keys are checked.
    try:
        result = run_with_s3(tmp_path, endpoint, errors_of(OPERATIONS))
    finally:
        reset_auth(endpoint, "inf")
    for kind, message, seconds in result:
        assert kind == "PermissionError"
        assert re.search(r"^s3://bucket/\S+: access refused .*AWS_ACCESS_KEY_ID", message)
        assert seconds < 10


OPERATIONS = (
    'read_range, "s3://bucket/file", 0, 10',
    'read_file, "s3://bucket/file"',
    'exists, "s3://bucket/file"',
    'list_folder, "s3://bucket/folder"',
    'write, "s3://bucket/file", b"x"',
    'ShardClips, "s3://bucket/set"',
)


def errors_of(operations):
    return f"result = [{', '.join(f'error_of({operation})' for operation in operations)}]"


@needs_store
def test_endpoint_that_does_not_answer(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else takes the port.
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        # Every second operation, since each takes some seconds.
        result = run_with_s3(tmp_path, endpoint, errors_of(OPERATIONS[1::2]))
    for kind, message, seconds in result:
        assert kind == "ConnectionError"
        assert re.search(r"^s3://bucket/\S+: the server does not .*S3_ENDPOINT", message)
        assert seconds < 10, message


class RangeHandler(SimpleHTTPRequestHandler):
    """Serves a folder with byte ranges and counts the bytes it sends."""

    sent = 0

    def do_GET(self):
        path = self.translate_path(self.path)
        if not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            content = file.read()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        status = 200
        if wanted:
            first, last = int(wanted[1]), int(wanted[2])
            status = 206 if first < len(content) else 416
            content = content[first : last + 1]
        type(self).sent += len(content)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web(tmp_path):
    def handler(*arguments):
        return RangeHandler(*arguments, directory=str(tmp_path))

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@needs_store
def test_shards_over_http(web, tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra beam")
    clips = write_clips(tmp_path / "in", {"a": 3, "b": 40}, size=64)
    prepare(preparation(tmp_path / "in", tmp_path / "out", image_size=64))
    reader = ShardClips(f"{web}/out")
    RangeHandler.sent = 0
    np.testing.assert_array_equal(reader.read_frames(1, [30, 7]), clips["b"][[30, 7]])
    frames = sum(len(reader.read_encoded(1, frame)) for frame in (30, 7))
    # Twice read by now; a byte more for each, by which TensorFlow makes sure of the offset.
    assert RangeHandler.sent <= 2 * frames + 4
    shard = tmp_path / "out" / "train" / "shard-00000-of-00001.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-2000])
    with pytest.raises(ValueError, match=r"shard-00000-of-00001.*frame 39 of clip b"):
        reader.read_encoded(1, 39)


@needs_store
def test_http_errors(web):
    with pytest.raises(FileNotFoundError, match=f"{web}/nothing: no such"):
        locations.read_file(f"{web}/nothing")
    assert not locations.exists(f"{web}/nothing")
    with pytest.raises(FileNotFoundError, match=r"no manifest\.json"):
        ShardClips(web)
    with pytest.raises(PermissionError, match="can only be read"), locations.whole_file(web):
        raise AssertionError
    start = time.monotonic()
    with pytest.raises(ConnectionError, match="does not answer"):
        locations.read_file("http://127.0.0.1:1/file")
    assert time.monotonic() - start < 10


def test_fsspec_takes_no_whole_file_for_a_range(web, tmp_path, monkeypatch):
    pytest.importorskip("s3fs")
    from maskanim_tf.storage.fsspec_store import FsspecStore

    (tmp_path / "file").write_bytes(b"0123456789")
    store = FsspecStore("http")
    assert store.read_range(f"{web}/file", 4, 3) == b"456"
    assert store.read_range(f"{web}/file", 10, 3) == b""
    monkeypatch.setattr(RangeHandler, "do_GET", SimpleHTTPRequestHandler.do_GET)
    with (
        pytest.raises(ConnectionError, match=r"whole file came instead .*answers range requests"),
        remote.clear_errors(web),
    ):
        store.read_range(f"{web}/file", 4, 3)
    with pytest.raises(OSError, match="cannot list folders"):
        store.list_folder(web)


@pytest.mark.parametrize("location", ["s3://bucket/a", "az://account/container/a", "http://host/a"])
def test_missing_package_is_named(location, monkeypatch):
    for package in ("tensorflow_io", "s3fs"):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, "maskanim_tf.storage.tensorflow_store", raising=False)
        monkeypatch.delitem(sys.modules, "maskanim_tf.storage.fsspec_store", raising=False)
    stores._open_store.cache_clear()
    with pytest.raises(RuntimeError, match=f"{location}.*needs the package tensorflow-io") as error:
        locations.read_file(location)
    assert ("pip install s3fs" in str(error.value)) == (not location.startswith("az"))
    stores._open_store.cache_clear()


def test_unknown_scheme():
    with pytest.raises(ValueError, match="ftp://host/a: unknown scheme"):
        locations.read_file("ftp://host/a")


def test_local_files(tmp_path):
    file = locations.join(tmp_path, "sub", "file")
    with locations.whole_file(file) as partial:
        partial.write_bytes(b"0123456789")
        assert not locations.exists(file)
    assert locations.exists(file)
    assert not locations.exists(tmp_path)
    assert locations.read_file(file) == b"0123456789"
    assert [locations.read_range(file, *r) for r in ((2, 3), (8, 9), (10, 1))] == [
        b"234",
        b"89",
        b"",
    ]
    assert locations.list_folder(tmp_path) == ["sub"]
    assert locations.list_folder(tmp_path / "none") == []
    with pytest.raises(OSError, match="no_file"):
        locations.read_range(tmp_path / "no_file", 0, 1)
    locations.remove(file)
    locations.remove(file)
    assert not locations.exists(file)
