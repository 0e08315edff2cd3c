"""The local server beyond the contract: limits, load, versions that come and go, its end."""

import asyncio
import concurrent.futures
import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref

import pytest
import urllib3

from maskanim_tf.serving.api import has_api
from maskanim_tf.serving.contract import ServingError
from maskanim_tf.serving.local import LocalServer, ServeOptions
from maskanim_tf.serving.versions import ServedModel
from maskanim_tf.serving.work import WorkQueue
from tests.helpers import REPOSITORY
from tests.serving.servers import RefusedError, ask_rest, http, running, to_json
from tests.serving.test_contract import PAIR, bomb, png

BODY = {
    "signature_name": "animate_bytes",
    "inputs": {key: to_json(value) for key, value in PAIR.items()},
}


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def versions(address):
    answer = http("GET", address.url)[1]
    return [v["version"] for v in answer.get("model_version_status", []) if v["state"] != "END"]


@pytest.fixture
def base_path(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "maskanim")
    return tmp_path / "maskanim"


def test_a_request_over_the_limit(exported, ask):
    with running(exported, max_request_mb=1) as address:
        large = {**PAIR, "driving_bytes": [bytes(2 << 20)] * 2}
        with pytest.raises(RefusedError, match=r"^(413|429): "):
            ask(address, "animate_bytes", large)
        assert len(ask(address, "animate_bytes", PAIR)["frame_bytes"]) == 2


def test_pictures_over_the_limit(exported, ask):
    with running(exported, max_pixels=40 * 40) as address:
        with pytest.raises(RefusedError, match=r"^400: .* more than 1600 pixels"):
            ask(address, "encode_source", {"source_bytes": [png(size=48)]})
        assert ask(address, "encode_source", {"source_bytes": [png(size=40)]})


def test_sixty_four_clients_at_once(exported, ask):
    with running(exported) as address:
        expected = ask(address, "animate_bytes", PAIR)["frame_bytes"]
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = list(
                pool.map(lambda _: ask(address, "animate_bytes", PAIR)["frame_bytes"], range(128))
            )
    assert all(answer == expected for answer in answers)


def test_a_full_queue_and_a_timeout():
    async def fill():
        work = WorkQueue(threads=1, length=2, timeout=0.3)
        go = threading.Event()
        begun = []
        slow = asyncio.create_task(work.run(go.wait))
        waiting = asyncio.create_task(work.run(lambda: begun.append(1)))
        await asyncio.sleep(0.05)
        with pytest.raises(ServingError, match="queue of requests is full") as full:
            await work.run(int)
        for task in (slow, waiting):
            with pytest.raises(ServingError, match=r"No answer within 0.3 seconds") as late:
                await task
        # The one that waited is not begun; the one that runs still has its place.
        with pytest.raises(ServingError):
            await asyncio.gather(work.run(int), work.run(int))
        go.set()
        await asyncio.sleep(0.1)
        assert await work.run(int) == 0
        work.close()
        return full.value.code, late.value.code, begun

    assert asyncio.run(fill()) == ("UNAVAILABLE", "DEADLINE_EXCEEDED", [])


def test_clients_that_vanish(exported):
    with running(exported, queue_length=4, request_timeout=2) as address:
        body = json.dumps(BODY).encode()
        head = (
            f"POST /v1/models/maskanim:predict HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        for sent in (head[:20], head, head + body[:100], head + body):
            for _ in range(5):
                with address.connect() as connection:
                    connection.sendall(sent)
        # One that stays and sends nothing more gets an answer as well.
        with address.connect() as connection:
            connection.sendall(head + body[:100])
            answer = connection.recv(4096)
            assert b" 408 " in answer.splitlines()[0]
        until(lambda: http("POST", f"{address.url}:predict", BODY)[0] == 200)


@pytest.mark.parametrize("head", [b"", b"POST /v1/models/maskanim:predict HTTP/1.1\r\nX-Slow: "])
def test_heads_that_never_end(exported, head):
    with running(exported, idle_timeout=0.6) as address:
        with address.connect() as connection:
            started = time.monotonic()
            connection.sendall(head)
            # A byte now and then wins no time.
            with contextlib.suppress(ConnectionError):
                while not select.select([connection], [], [], 0.1)[0]:
                    connection.sendall(b"x" if head else b"")
                assert connection.recv(100) == b""
            assert 0.4 < time.monotonic() - started < 5
        assert http("POST", f"{address.url}:predict", BODY)[0] == 200


@pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")
def test_grpc_connections_without_a_word(exported):
    with running(exported, idle_timeout=0.6) as address, address.connect("grpc") as connection:
        started = time.monotonic()
        while connection.recv(100):
            pass
        # An open one would end this test with a time-out.
        assert time.monotonic() - started < 5


def test_memory_returns_to_its_level(exported):
    def resident():
        gc.collect()
        # What is free but kept by the allocator does not count.
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    bad = json.dumps({**BODY, "inputs": {**BODY["inputs"], "driving_bytes": to_json([bomb()] * 2)}})
    with running(exported) as address:

        def lowest(rounds):
            """Memory after each round, of which the least says what is kept, not what is in use."""
            levels = []
            bodies = [b"x" * (8 << 20), bad, json.dumps(BODY)] * 10
            for _ in range(rounds):
                statuses = set(pool.map(lambda body: http("POST", url, body)[0], bodies))
                assert statuses == {200, 400}
                levels.append(resident())
            return min(levels)

        url = f"{address.url}:predict"
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            levels = [lowest(4)]
            # In each step 320 MiB come in, and terabytes are claimed. One body of 8 MiB that is
            # kept in each round would be seen in every step; what other threads of this process
            # allocate, in few.
            steady = False
            while not steady and len(levels) < 6:
                levels.append(lowest(4))
                steady = levels[-1] - levels[-2] < 24
        assert steady, levels


def test_a_new_version_under_load(base_path):
    with running(base_path, version_labels=("stable:1", "next:2")) as address:
        done = threading.Event()

        def keep_asking():
            count = 0
            while not done.is_set():
                assert len(ask_rest(address, "animate_bytes", PAIR)["frame_bytes"]) == 2
                count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            askers = [pool.submit(keep_asking) for _ in range(3)]
            try:
                shutil.copytree(base_path / "1", base_path / ".2")
                (base_path / ".2").rename(base_path / "2")
                until(lambda: versions(address) == ["2"])
                time.sleep(0.2)
            finally:
                done.set()
            assert all(asker.result() > 0 for asker in askers)
        assert ask_rest(address, "animate_bytes", PAIR, label="next")["frame_bytes"]
        with pytest.raises(RefusedError, match="404"):
            ask_rest(address, "animate_bytes", PAIR, label="stable")
        # The loss of all versions changes nothing.
        shutil.rmtree(base_path / "1")
        shutil.rmtree(base_path / "2")
        time.sleep(0.4)
        assert ask_rest(address, "animate_bytes", PAIR)["frame_bytes"]


def test_a_dropped_version_leaves_memory_after_its_last_request(tmp_path):
    class Graph:
        """Refers to itself, as graphs of TensorFlow do."""

        def __init__(self):
            self.me = self

    class Model:
        def __init__(self, folder):
            self.version = int(folder.name)
            self.graph = Graph()
            graphs.append(weakref.ref(self.graph))

    def add(version):
        (tmp_path / version / "variables").mkdir(parents=True)
        for name in ("saved_model.pb", "variables/variables.index"):
            (tmp_path / version / name).write_text("x")
        (tmp_path / version / "variables" / "variables.data-00000-of-00001").write_text("x")

    graphs = []
    served = ServedModel("model", tmp_path, Model, {}, kept=1, settle_seconds=0)
    gc.disable()
    try:
        add("1")
        served.poll()
        requests = [served.find(), served.find()]
        add("2")
        for _ in range(3):
            served.poll()
            assert served.find().version == 2
            assert [graph() is None for graph in graphs] == [False, False]
        requests.clear()
        served.poll()
        assert [graph() is None for graph in graphs] == [True, False]
    finally:
        gc.enable()


def test_a_half_copied_version_is_ignored_until_it_is_whole(base_path):
    with running(base_path, settle_seconds=0.4) as address:
        whole, copy = base_path / "1", base_path / "2"
        until(lambda: versions(address) == ["1"])
        graph = (whole / "saved_model.pb").read_bytes()
        shutil.copytree(whole, copy, ignore=shutil.ignore_patterns("saved_model.pb"))
        time.sleep(1)
        assert versions(address) == ["1"]
        # All files are there, but one still grows, and each time looks finished.
        with (copy / "saved_model.pb").open("wb") as file:
            for start in range(0, len(graph), len(graph) // 8 + 1):
                file.write(graph[start : start + len(graph) // 8 + 1])
                file.flush()
                time.sleep(0.15)
                assert versions(address) == ["1"]
        until(lambda: versions(address) == ["2"])
        # Copying stops in the middle, longer than anything waits.
        shutil.copytree(whole, base_path / "3")
        (base_path / "3" / "saved_model.pb").write_bytes(graph[: len(graph) // 2])
        until(lambda: len(http("GET", address.url)[1]["model_version_status"]) == 2)
        broken, good = http("GET", address.url)[1]["model_version_status"]
        assert (broken["version"], broken["state"], good["version"]) == ("3", "END", "2")
        assert "cannot be loaded" in broken["status"]["error_message"]
        assert ask_rest(address, "animate_bytes", PAIR)["frame_bytes"]
        (base_path / "3" / "saved_model.pb").write_bytes(graph)
        until(lambda: versions(address) == ["3"])


def test_several_versions(base_path):
    shutil.copytree(base_path / "1", base_path / "12")
    (base_path / "notes").mkdir()
    (base_path / "13").mkdir()
    with running(base_path, num_versions=2) as address:
        assert versions(address) == ["12", "1"]
        assert http("GET", f"{address.url}/metadata")[1]["model_spec"]["version"] == "12"
        assert ask_rest(address, "animate_bytes", PAIR, version=1)["frame_bytes"]


def test_no_version_yet(tmp_path, exported):
    with running(tmp_path) as address:
        assert http("GET", address.url)[0] == 404
        assert http("POST", f"{address.url}:predict", BODY)[0] == 404
        shutil.copytree(exported / "1", tmp_path / "5")
        until(lambda: versions(address) == ["5"])


def test_the_command_and_its_end(exported):
    # As it is written in a checkout; `python -m maskanim_tf.serving.local` is the same.
    command = [sys.executable, "-m", "serving.local", f"--model_base_path={exported}", "--port=0"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().split()[1]
        assert url.startswith("http://127.0.0.1:")
        assert process.stdout.readline().startswith("page: ")
        # Whoever read it has gone, which is no reason to stay.
        process.stdout.close()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            # An open request is answered before the end.
            requests = [pool.submit(http, "POST", f"{url}:predict", BODY) for _ in range(8)]
            time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            statuses = []
            for request in requests:
                try:
                    statuses.append(request.result()[0])
                except urllib3.exceptions.HTTPError:
                    statuses.append(None)  # It came after the end.
        assert set(statuses) <= {200, None}
        assert 200 in statuses
        process.wait(60)
        log = process.stderr.read()
    assert process.returncode == 0
    assert "this server is for development" in log


def test_errors_name_the_remedy(exported, tmp_path):
    with pytest.raises(ValueError, match="must be like stable:1,canary:2"):
        ServeOptions(version_labels=("stable",))
    with pytest.raises(FileNotFoundError, match="export a model first"):
        LocalServer(ServeOptions(model_base_path=str(tmp_path / "no")))
    with pytest.raises(ValueError, match="is one version; give the folder of all versions"):
        LocalServer(ServeOptions(model_base_path=str(exported / "1")))
    with running(exported) as address:
        port = int(address.rest.rpartition(":")[2])
        taken = rf"127.0.0.1:{port} \(address already in use\); choose another --port"
        with pytest.raises(OSError, match=taken), running(exported, port=port):
            pass
        if has_api():
            port = int(address.grpc.rpartition(":")[2])
            taken = f"cannot listen on 127.0.0.1:{port}; choose another --grpc_port"
            with pytest.raises(OSError, match=taken), running(exported, grpc_port=port):
                pass
