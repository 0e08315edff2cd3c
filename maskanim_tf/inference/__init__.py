"""Trained networks at work: rewritten into fewer operations, and run batch by batch."""

from maskanim_tf.inference.generation import BatchAnimator
from maskanim_tf.inference.rewrite import AnyAnimator, Rewritten, rewrite

__all__ = ["AnyAnimator", "BatchAnimator", "Rewritten", "rewrite"]
