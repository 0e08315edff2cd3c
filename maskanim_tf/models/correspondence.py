"""Fetches source pixels from where the source's mask looks like the driver's; beyond the paper.

The paper's r and l carry every pixel to its new place by convolutions alone, which takes wide
networks and days. Here places are compared: each one reads the source where, on average, the
source's mask looks like the driver's does here. What looks alike is learned from the losses of the
network that uses it.

Input:  the source's and the driver's mask, `[batch, mask_size, mask_size, 1]`, and pictures of the
        source, whose sides are the masks' or a multiple; all float32 in [0, 1].
Output: each of the pictures as it was fetched, of the same size.
Stages: both masks through the same down block, hourglass and convolution give each block of 2x2
pixels its descriptor; softmax over the products of descriptors; the mean of places weighted so is
where to read. An up block and two convolutions, which see the masks and the source's as it was
fetched, correct the way there for every pixel of the masks.
Sources: Vaswani et al., Attention Is All You Need, 2017, equation 1; Zhang et al., Cross-domain
Correspondence Learning for Exemplar-based Image Translation, 2020.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf.config.sections import CORRESPONDENCE_BLOCKS
from maskanim_tf.models.blocks import DownBlock, UpBlock
from maskanim_tf.models.hourglass import Hourglass
from maskanim_tf.models.layers import Convolution
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.warping import warp

# At first places prefer what lies this close, in blocks: the source itself, blurred.
NEARNESS = 1.5


class Correspondence(keras.layers.Layer):
    """Compares two masks and fetches source pixels; see the head of this file.

    Args:
      features: channels of a descriptor.
      order: of the blocks, "relu_norm" or "norm_relu".
    """

    def __init__(self, features: int, order: str = "relu_norm", **kwargs: Any):
        super().__init__(**{"autocast": False, **kwargs})
        self.features = features
        self.order = order
        self.first = DownBlock(features, order, name="first")
        self.hourglass = Hourglass(
            features, 4 * features, CORRESPONDENCE_BLOCKS, order, skips=True, name="hourglass"
        )
        self.describe = Convolution(features, 3, dtype="float32", name="describe")
        self.up = UpBlock(features, name="up")
        self.compare = Convolution(features, 3, name="compare")
        self.correct = Convolution(2, 3, dtype="float32", name="correct")

    def build(self, input_shape: Any) -> None:
        # How much a squared distance of one block counts.
        self.locality = self.add_weight(
            name="locality",
            shape=(),
            initializer=keras.initializers.Constant(1 / (2 * NEARNESS**2)),
        )
        super().build(input_shape)

    def call(self, inputs: tuple[tf.Tensor, ...], training: bool = False) -> tuple[tf.Tensor, ...]:
        source_mask, driving_mask, *pictures = inputs
        if training:
            # Their batch statistics are common.
            both = self._features(tf.concat((driving_mask, source_mask), axis=0), training)
            here, there = tf.split(both, 2)
        else:
            # The same; not every runtime of exported models knows batches.
            here, there = self._features(driving_mask), self._features(source_mask)
        steps = 2 * self._steps(self._descriptors(here), self._descriptors(there))
        steps = resize_bilinear(steps, source_mask.shape[1])
        masks = tf.concat((driving_mask, source_mask, self.warp(source_mask, steps)), -1)
        finer = self.up(here, training=training)
        finer = self.compare(tf.concat((finer, tf.cast(masks, finer.dtype)), -1))
        steps += self.correct(tf.nn.relu(finer))
        fetched = []
        for picture in pictures:
            size = picture.shape[1]
            scale = size / source_mask.shape[1]
            fetched.append(self.warp(picture, resize_bilinear(scale * steps, size)))
        return tuple(fetched)

    def warp(self, picture: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        """See `warp`; exporters put other operations in its place."""
        return warp(picture, steps)

    def _features(self, masks: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.hourglass(self.first(masks, training=training), training=training)

    def _descriptors(self, features: tf.Tensor) -> tf.Tensor:
        return self.describe(features) / self.features**0.25

    def _steps(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """The way from each place to where it is fetched from, in blocks down and to the right."""
        _, height, width, _ = query.shape
        # Of minus the squared distance of two places, -x² + 2xy - y², the first term is the same
        # for all that a place can fetch. The others are products of descriptors, too: a matrix of
        # all distances would be as large as a network.
        places = _places(height, width)
        near = np.concatenate((2 * places, -np.ones_like(places[..., :1])), -1)
        query = _with_channels(query, tf.cast(self.locality, tf.float32) * near)
        key = _with_channels(key, np.concatenate((places, (places**2).sum(-1, keepdims=True)), -1))
        weights = tf.nn.softmax(tf.matmul(_rows(query), _rows(key), transpose_b=True))
        mean = tf.matmul(weights, places.reshape(1, -1, 2))
        return tf.reshape(mean, (-1, height, width, 2)) - places

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "features": self.features, "order": self.order}


def _rows(features: tf.Tensor) -> tf.Tensor:
    """`[batch, height, width, channels]` as `[batch, height * width, channels]`."""
    _, height, width, channels = features.shape
    return tf.reshape(features, (-1, height * width, channels))


def _places(height: int, width: int) -> np.ndarray:
    """Row and column of every place, from the centre on, float32 `[height, width, 2]`."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.stack((rows - (height - 1) / 2, columns - (width - 1) / 2), -1)


def _with_channels(features: tf.Tensor, more: np.ndarray | tf.Tensor) -> tf.Tensor:
    """Appends channels `[height, width, channels]` that are the same for the whole batch."""
    return tf.concat((features, tf.zeros_like(features[..., : more.shape[-1]]) + more), -1)
