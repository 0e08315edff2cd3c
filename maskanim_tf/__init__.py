"""Model-free image animation with refined masks, on TensorFlow and Keras."""

__version__ = "0.1.0"
