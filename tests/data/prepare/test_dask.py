"""Preparation on a real cluster: a scheduler and workers in processes of their own."""

import os
import re
import threading
import time
from pathlib import Path

import pytest

from maskanim_tf.data.prepare.pipeline import prepare
from maskanim_tf.engine import Engine
from tests.clusters import cluster, note_worker
from tests.data.prepared import preparation, write_clips
from tests.programs import run_module

pytest.importorskip("apache_beam", reason="needs the extra beam")
pytest.importorskip("distributed", reason="needs the extra dask")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, {f"clip{number:02d}": 30 for number in range(24)})
    return folder


@pytest.fixture(scope="module")
def whole(clips, tmp_path_factory):
    """What the embedded runner makes."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    return folder, prepare(settings(clips, folder))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("dask") / "cluster") as started:
        yield started


def settings(clips, output):
    return preparation(clips, output, image_size=128, clips_per_shard=1)


def content(folder):
    """Everything but what names the folder itself."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def test_the_cluster_writes_the_bytes_of_this_process(clips, whole, running, tmp_path, monkeypatch):
    # Relative paths are those of the command, not of the workers.
    monkeypatch.chdir(tmp_path)
    done = run_module(
        "maskanim_tf.data.prepare",
        *(f"--input={os.path.relpath(clips)}", "--output=out", "--image_size=128"),
        *("--encoding=png", "--clips_per_shard=1", running.arguments[0]),
        *("--", running.arguments[1]),
    )
    assert done.returncode == 0, done.stderr
    assert "24 clips, 720 frames in 24 shards" in done.stdout
    folder, _ = whole
    assert content(tmp_path / "out") == content(folder)


def test_every_worker_gets_jobs(running, tmp_path):
    # More at a time than these would be one task, of one worker.
    places = [str(tmp_path / f"{number}") for number in range(8)]
    Engine(running.arguments).run(note_worker, places)
    noted = {int(Path(place).read_text()) for place in places}
    assert noted == {worker.pid for worker in running.workers}


def test_a_shard_that_is_not_what_its_maker_noted(clips, whole, running, tmp_path):
    output = tmp_path / "out"
    prepare(settings(clips, output), running.arguments)
    shard = output / "train" / "shard-00003-of-00024.tfrecord"
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    shard.write_bytes(damaged)
    with pytest.raises(RuntimeError, match=r"1 of 24 shards .* noted.*shard-00003.*run again"):
        prepare(settings(clips, output), running.arguments)
    assert not (output / "manifest.json").exists()
    folder, manifest = whole
    assert prepare(settings(clips, output), running.arguments)["splits"] == manifest["splits"]
    assert content(output) == content(folder)


def test_the_error_of_a_worker_is_told(clips, running, tmp_path):
    output = tmp_path / "out"
    (tmp_path / "elsewhere").write_text("")
    output.mkdir()
    (output / "train").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="train"):
        prepare(settings(clips, output), running.arguments)


def test_a_scheduler_that_is_not_there_is_one_line(clips, tmp_path):
    output = tmp_path / "out"
    for options, message in (
        (("--dask_client_address=tcp://127.0.0.1:9",), "no Dask scheduler answers at tcp://127."),
        ((f"--dask_scheduler_file={tmp_path / 'none'}",), "there is no such file of a scheduler"),
        ((), "DaskRunner needs a scheduler.*--dask_client_address"),
    ):
        done = run_module(
            "maskanim_tf.data.prepare",
            *(f"--input={clips}", f"--output={output}", "--runner=DaskRunner", "--", *options),
            *(["--dask_connection_timeout=1"] if options else []),
        )
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: ")
        assert re.search(message, line)
        assert not output.exists()


def once(condition, act):
    """A thread that waits for the condition and then acts."""

    def wait():
        while not condition():
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_killed_worker_loses_nothing(clips, whole, running, tmp_path):
    """After all tests that want two workers."""
    output = tmp_path / "out"
    finished = []

    def shards():
        return len(list(output.glob("train/shard-*.tfrecord")))

    def kill():
        running.workers[0].kill()
        running.workers[0].wait()
        finished.append(shards())

    killer = once(lambda: shards() >= 2, kill)
    manifest = prepare(settings(clips, output), running.arguments)
    killer.join()
    folder, expected = whole
    assert 2 <= finished[0] < 24
    assert manifest["splits"] == expected["splits"]
    assert content(output) == content(folder)


def test_a_killed_scheduler_is_told(running, tmp_path):
    """The last test. Beam itself calls such a run done."""
    places = [str(tmp_path / f"{number}") for number in range(300)]
    killer = once(lambda: any(tmp_path.iterdir()), running.scheduler.kill)
    with pytest.raises(RuntimeError, match=r"scheduler has gone.*run again"):
        Engine(running.arguments).run(note_worker, places)
    killer.join()
    assert not all(Path(place).exists() for place in places)
