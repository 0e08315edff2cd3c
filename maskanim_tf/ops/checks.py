"""Checks of what a caller hands to the networks, with errors that name the remedy."""

from __future__ import annotations

import tensorflow as tf


def check_frames(name: str, frames: tf.Tensor, image_size: int) -> None:
    """Raises ValueError unless frames are floating `[batch, image_size, image_size, 3]` in [0, 1].

    Shapes are checked while tracing too; values only in eager mode, so that no assertion ends up in
    an exported graph.
    """
    if frames.shape.rank != 4:
        raise ValueError(
            f"{name} has shape {frames.shape}, but must be [batch, height, width, 3]; add a batch "
            "axis to a single picture with picture[None]"
        )
    height, width, channels = frames.shape[1:]
    if channels != 3:
        raise ValueError(f"{name} has {channels} channels, but must have 3 (RGB)")
    if height != image_size or width != image_size:
        raise ValueError(
            f"{name} is {height}x{width}, but this model takes {image_size}x{image_size}; resize "
            "it first or build the model with another image_size"
        )
    if not frames.dtype.is_floating:
        raise ValueError(
            f"{name} is of type {frames.dtype.name}, but must be floating in [0, 1]; divide 8-bit "
            "pictures by 255"
        )
    if tf.executing_eagerly() and tf.size(frames) > 0:
        low, high = float(tf.reduce_min(frames)), float(tf.reduce_max(frames))
        # Interpolation and 16-bit arithmetic overshoot by a hair.
        if not (low >= -0.01 and high <= 1.01):
            raise ValueError(
                f"{name} has values from {low:.6g} to {high:.6g}, but must lie in [0, 1]; divide "
                "8-bit pictures by 255"
            )
