"""Trained networks in the form that is fast to run: the same function in fewer operations."""

from maskanim_tf.inference.rewrite import AnyAnimator, Rewritten, rewrite

__all__ = ["AnyAnimator", "Rewritten", "rewrite"]
