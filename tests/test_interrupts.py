"""Signals end a command as they should: nothing is left behind, and the exit status tells."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers import REPOSITORY

WRITER = """
import sys, time
from maskanim_tf.commands import run_command
from maskanim_tf.storage.files import atomic_path

def main():
    with atomic_path(sys.argv[-1]) as partial:
        partial.write_text("half")
        print("started", flush=True)
        time.sleep(60)

run_command(main, argv=["program"])
"""


def started(tmp_path, **options):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "result.txt")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "started\n"
    return process


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_nothing_behind(tmp_path, name):
    number = getattr(signal, name)
    # Whoever runs the tests may ignore signals, as nohup does.
    process = started(tmp_path, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    assert len(os.listdir(tmp_path)) == 1
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (128 + number, "stopped\n")
    assert os.listdir(tmp_path) == []


def test_what_nohup_ignores_stays_ignored(tmp_path):
    process = started(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
