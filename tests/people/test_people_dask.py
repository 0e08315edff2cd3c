"""People drawn by a real cluster: a scheduler and workers in processes of their own."""

import pytest

from maskanim_tf.people.people_dataset import write_dataset
from tests.clusters import cluster
from tests.people.test_people_dataset import FLAGS, PARAMETERS, command, digests
from tests.programs import run_module

pytest.importorskip("apache_beam", reason="needs the extra beam")
pytest.importorskip("distributed", reason="needs the extra dask")


def test_a_cluster_draws_the_same_bytes(opengl, tmp_path):
    write_dataset(str(tmp_path / "here"), PARAMETERS, processes=1)
    # With two threads, of which one draws.
    with cluster(tmp_path / "cluster", threads=2) as running:
        runner, scheduler = running.arguments
        output = f"--output={tmp_path / 'there'}"
        process = command(output, *FLAGS, runner, "--", scheduler)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert digests(tmp_path / "there") == digests(tmp_path / "here")


def test_clips_that_an_engine_left_out_are_counted(opengl, tmp_path):
    class Forgetful:
        embedded = False

        def run(self, work, jobs):
            work(jobs[0])

    with pytest.raises(RuntimeError, match=r"3 of 4 clips were not drawn, the first is .*person"):
        write_dataset(str(tmp_path), PARAMETERS, engine=Forgetful())


def test_this_process_is_no_engine_for_people(tmp_path):
    command = (f"--output={tmp_path}", "--clips=1", "--runner=DirectRunner")
    done = run_module("maskanim_tf.people", *command)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "without a --runner" in line
