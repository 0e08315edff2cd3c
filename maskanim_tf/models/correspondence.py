"""Fetches source pixels from where the source's mask looks like the driver's; beyond the paper.

The paper's r and l carry every pixel to its new place by convolutions alone, which takes wide
networks and days. Here places are compared: each one receives the mean of those source pixels whose
surroundings in the source's mask resemble its own in the driver's. What resembles what is learned
from the losses of the network that uses it.

Input:  the source's and the driver's mask, `[batch, mask_size, mask_size, 1]`, and pictures of the
        source, whose sides are the masks' or a multiple; all float32 in [0, 1].
Output: each of the pictures as it was fetched, of the same size.
Stages: both masks through the same down block, hourglass and convolution give each block of 2x2
pixels its descriptor; softmax over the products of descriptors; blocks of the source weighted so.
Sources: Vaswani et al., Attention Is All You Need, 2017, equation 1; Zhang et al., Cross-domain
Correspondence Learning for Exemplar-based Image Translation, 2020.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from maskanim_tf.config.sections import CORRESPONDENCE_BLOCKS
from maskanim_tf.models.blocks import DownBlock
from maskanim_tf.models.convolution import Convolution
from maskanim_tf.models.hourglass import Hourglass

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
            both = self._descriptors(tf.concat((driving_mask, source_mask), axis=0), training)
            query, key = tf.split(both, 2)
        else:
            # The same; not every runtime of exported models knows batches.
            query, key = self._descriptors(driving_mask), self._descriptors(source_mask)
        _, height, width, _ = query.shape
        # Of minus the squared distance of two places, -x² + 2xy - y², the first term is the same
        # for all that a place can fetch. The others are products of descriptors, too: a matrix of
        # all distances would be as large as a network.
        places = _places(height, width)
        near = np.concatenate((2 * places, -np.ones_like(places[..., :1])), -1)
        query = _with_channels(query, tf.cast(self.locality, tf.float32) * near)
        key = _with_channels(key, np.concatenate((places, (places**2).sum(-1, keepdims=True)), -1))
        weights = tf.nn.softmax(tf.matmul(_rows(query), _rows(key), transpose_b=True))
        fetched = []
        for picture in pictures:
            blocks = _Blocks(picture.shape[1] // height, picture.shape[-1])
            placed = tf.matmul(weights, _rows(blocks.split(picture)))
            placed = tf.reshape(placed, (-1, height, width, placed.shape[-1]))
            fetched.append(blocks.join(placed))
        return tuple(fetched)

    def _descriptors(self, masks: tf.Tensor, training: bool = False) -> tf.Tensor:
        features = self.hourglass(self.first(masks, training=training), training=training)
        return self.describe(features) / self.features**0.25

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


class _Blocks:
    """Pictures as blocks, whose pixels are channels, and back.

    Blocks of four pixels or more overlap their neighbours and fade into them, or one would see
    their grid. Both ways are convolutions, which every runtime of exported models knows.

    Args:
      side: of a block in pixels, without what it overlaps.
      channels: of the pictures.
    """

    def __init__(self, side: int, channels: int):
        self.side = side
        self.margin = side // 4
        window = side + 2 * self.margin
        self.kernel = np.eye(window * window * channels, dtype=np.float32)
        self.kernel = self.kernel.reshape(window, window, channels, -1)
        steps = np.arange(1, window + 1, dtype=np.float32)
        self.fade = np.minimum(1, np.minimum(steps, steps[::-1]) / (2 * self.margin + 1))

    def split(self, picture: tf.Tensor) -> tf.Tensor:
        """`[batch, height, width, channels]` to `[batch, height / side, width / side, pixels]`."""
        edge = self.margin
        rows = [picture[:, :1]] * edge + [picture] + [picture[:, -1:]] * edge
        picture = tf.concat(rows, 1) if edge else picture
        columns = [picture[:, :, :1]] * edge + [picture] + [picture[:, :, -1:]] * edge
        picture = tf.concat(columns, 2) if edge else picture
        return tf.nn.conv2d(picture, self.kernel, self.side, "VALID")

    def join(self, blocks: tf.Tensor) -> tf.Tensor:
        """The inverse of `split`."""
        _, height, width, _ = blocks.shape
        faded = self.kernel * self.fade[:, None, None, None] * self.fade[:, None, None]
        shape = (height * self.side, width * self.side)
        picture = tf.nn.conv2d_transpose(
            blocks, faded, (tf.shape(blocks)[0], *shape, faded.shape[2]), self.side, "SAME"
        )
        # At the borders of the picture there is nothing to fade into.
        cover = np.outer(*(self._cover(side) for side in shape))
        return picture / cover[..., np.newaxis]

    def _cover(self, side: int) -> np.ndarray:
        """The sum of what all blocks give to each pixel along a side, float32 `[side]`."""
        cover = np.ones(side, np.float32)
        cover[: self.margin] = self.fade[self.margin : 2 * self.margin]
        cover[side - self.margin :] = cover[: self.margin][::-1]
        return cover
