"""Operators of the paper as TensorFlow functions; they hold no state."""
