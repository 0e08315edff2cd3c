"""Settings of all tests; TensorFlow reads the environment on import, so it is set here first."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
