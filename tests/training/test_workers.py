import contextlib
import json
import signal
import socket

import numpy as np
import pytest

from maskanim_tf.training.loop import TrainingLoop
from maskanim_tf.training.strategy import make_strategy
from maskanim_tf.training.trainer import TERMS
from tests.training.runs import config, options, rows_of, start, wait_for


def start_workers(data_dir, run_dir, *arguments):
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    return [
        start(
            *(data_dir, run_dir, "--strategy=multiworker", *arguments),
            environment={
                "TF_CONFIG": json.dumps(
                    {
                        "cluster": {"worker": addresses},
                        "task": {"type": "worker", "index": index},
                    }
                )
            },
        )
        for index in range(2)
    ]


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def test_two_workers_train_like_one(data_dir, tmp_path):
    arguments = ("--max_steps=4", "--log_every=1", "--validate_every=4")
    runs = start_workers(data_dir, tmp_path / "two", *arguments)
    TrainingLoop(
        config(data_dir, steps=4), options(tmp_path / "one", log_every=1, validate_every=4)
    ).run()
    chief, other = outputs = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert "everything is in" in chief[0]
    assert other[0] == ""
    rows, wanted = (rows_of(tmp_path / name) for name in ("two", "one"))
    assert len(rows) == len(wanted) == 4
    for row, expected in zip(rows, wanted):
        assert row["step"] == expected["step"]
        for term in TERMS:
            if expected[term]:
                # Adam turns the rounding of gradients that are zero into steps.
                assert float(row[term]) == pytest.approx(float(expected[term]), rel=0.02)
    saved = np.load(tmp_path / "two" / "checkpoints" / "step-00000004.npz")
    assert json.loads(str(saved["state"]))["step"] == 4


def test_one_worker_that_is_stopped_stops_all(data_dir, tmp_path):
    arguments = ("--max_steps=100000", "--epochs=100000", "--validate_every=100000")
    chief, other = start_workers(data_dir, tmp_path, *arguments)
    wait_for(tmp_path / "checkpoints" / "step-00000005.npz", chief, other)
    other.send_signal(signal.SIGTERM)
    errors = [run.communicate(timeout=120)[1] for run in (chief, other)]
    assert [run.returncode for run in (chief, other)] == [143, 143]
    assert "another worker was asked to stop; saved" in errors[0]
    assert "stopped by SIGTERM; the chief worker saves a checkpoint" in errors[1]


@pytest.mark.parametrize(
    "cluster", ["", "{", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}']
)
def test_a_missing_or_wrong_cluster_is_named(cluster, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match="strategy is 'multiworker', but TF_CONFIG is"):
        make_strategy("multiworker")
