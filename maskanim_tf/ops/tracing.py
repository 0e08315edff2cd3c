"""How functions become graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def as_graph(function: Callable[..., Any]) -> tf.types.experimental.GenericFunction:
    """`tf.function` without AutoGraph.

    No function of this project has a condition or loop over tensors in Python, and reading the
    source of every layer is a quarter of the time that tracing a training step takes. TensorFlow
    counts how often it traces by the function's code: give it functions, not models.
    """
    return tf.function(tf.autograph.experimental.do_not_convert(function))
