import subprocess
import sys

from tests.helpers import REPOSITORY

# Ctrl-C while Python runs a callback of the garbage collector, in which exceptions are dropped.
PROGRAM = """
import gc, signal
from maskanim_tf.commands import run_command
from maskanim_tf.config.interrupts import interruptible

def callback(phase, info):
    gc.callbacks.remove(callback)
    signal.raise_signal(signal.SIGINT)

def main():
    gc.callbacks.append(callback)
    for number in interruptible(range(3)):
        print(number)
        gc.collect()

run_command(main)
"""


def test_a_loop_ends_with_ctrl_c_that_a_callback_dropped():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (130, "0\n")
    assert done.stderr.splitlines()[-1] == "stopped"
