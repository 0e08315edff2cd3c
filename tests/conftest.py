"""Settings of all tests; TensorFlow reads the environment on import, so it is set here first."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

import maskanim_tf  # noqa: F401  (before TensorFlow, since it chooses its kernels)

import keras  # isort: skip
import tensorflow as tf  # isort: skip

# Two logical CPU devices stand in for two GPUs wherever a test distributes work.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(autouse=True, scope="module")
def _same_numbers():
    """Random networks are the same in every run: of some seeds they are dead."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _usual_scheduling():
    """Takes back what libsvtav1 does, which encodes some films of the tests.

    Run as root it gives the calling thread real-time priority, and all that thread starts: every
    other process of the machine would wait for the tests.
    """
    yield
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
