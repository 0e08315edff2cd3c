from tests.programs import run_python

# Ctrl-C while Python runs a callback of the garbage collector, in which exceptions are dropped.
PROGRAM = """
import gc, signal
from maskanim_tf.commands import run_command
from maskanim_tf.interrupts import interruptible

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
    done = run_python("-c", PROGRAM)
    assert (done.returncode, done.stdout) == (130, "0\n")
    assert done.stderr.splitlines()[-1] == "stopped"


GRAPH_ERROR = """
from maskanim_tf.commands import run_command
import tensorflow as tf

@tf.function
def graph(number):
    return tf.io.decode_png(tf.strings.as_string(number))

def main():
    graph(tf.constant(3))

run_command(main)
"""


def test_an_error_inside_of_a_graph_is_told_in_one_line():
    done = run_python("-c", GRAPH_ERROR)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "image" in last.lower()
