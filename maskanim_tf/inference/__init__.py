"""Trained networks at work: rewritten into fewer operations, and run batch by batch."""

from maskanim_tf.inference.generation import BatchAnimator
from maskanim_tf.inference.precision import PRECISIONS, resolve_precision
from maskanim_tf.inference.rewrite import AnyAnimator, Rewritten, at_precision, rewrite

__all__ = [
    "PRECISIONS",
    "AnyAnimator",
    "BatchAnimator",
    "Rewritten",
    "at_precision",
    "resolve_precision",
    "rewrite",
]
