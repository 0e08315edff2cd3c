"""The interpreter of `.tflite` files: ai-edge-litert's where installed, else TensorFlow's own.

It left TensorFlow in the versions that Keras 3 comes with, and alone it loads in no time.
"""

from __future__ import annotations

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    import tensorflow as tf

    Interpreter = tf.lite.Interpreter

__all__ = ["Interpreter"]
