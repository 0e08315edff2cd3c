"""What a machine can do at most: its instruction sets and the rates of large matrix products."""

from __future__ import annotations

import time

import tensorflow as tf

from maskanim_tf.inference.precision import BFLOAT16, FLOAT32, fast_bfloat16, processor_flags

SHOWN_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_tile")
# So that a slow, emulated product takes seconds, not minutes.
SIDES = {FLOAT32: 4096, BFLOAT16: 1024}
FAST_SIDE = 4096
# One for all calls, or TensorFlow would warn of tracing again and again.
_product = tf.function(tf.linalg.matmul)


def describe_hardware() -> str:
    """One line: the processor's relevant flags, and whether bfloat16 is fast here and why."""
    flags = processor_flags()
    present = " ".join(flag for flag in SHOWN_FLAGS if flag in flags) or "unknown"
    fast, reason = fast_bfloat16()
    return f"processor flags: {present}; bfloat16 {'fast' if fast else 'emulated'}: {reason}"


def matrix_product_rate(precision: str = FLOAT32) -> float:
    """Operations per second of a large matrix product, which no network can exceed."""
    side = FAST_SIDE if fast_bfloat16()[0] else SIDES[precision]
    matrix = tf.ones((side, side), precision)
    _product(matrix, matrix)  # Traces.
    started = time.perf_counter()
    _product(matrix, matrix)[0, 0].numpy()
    return 2 * side**3 / (time.perf_counter() - started)
