"""Model-free image animation with refined masks, on TensorFlow and Keras."""

import os

# oneDNN's convolutions: TensorFlow chooses them by itself on some processors only, and reads this
# when it is loaded. Without them a step took 2.5 times as long on a processor with AVX2 alone.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "0.1.0"
