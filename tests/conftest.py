"""Settings of all tests; TensorFlow reads the environment on import, so it is set here first."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import maskanim_tf  # noqa: F401  (first, since it chooses the kernels of TensorFlow)

import tensorflow as tf  # isort: skip

# Two logical CPU devices stand in for two GPUs wherever a test distributes work.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
