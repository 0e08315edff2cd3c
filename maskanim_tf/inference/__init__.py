"""Trained networks at work: rewritten into fewer operations, and the precision they run in."""

from maskanim_tf.inference.precision import PRECISIONS, resolve_precision
from maskanim_tf.inference.rewrite import (
    AnyAnimator,
    Rewritten,
    at_precision,
    mask_model_of,
    rewrite,
)

__all__ = [
    "PRECISIONS",
    "AnyAnimator",
    "Rewritten",
    "at_precision",
    "mask_model_of",
    "resolve_precision",
    "rewrite",
]
