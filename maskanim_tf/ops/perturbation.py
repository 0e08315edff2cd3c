"""The identity perturbations of driving masks, P_test and P_train (sections 3 and 3.1).

Both take the identity (the body's proportions) out of a mask and leave the pose. No gradient passes
through either. P_train draws its parameters per sample from an explicit seed; every step is a
function of its own, so that each can be checked alone.
"""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf.config import PerturbationConfig
from maskanim_tf.config.sections import cut_range
from maskanim_tf.ops.addons import affine_transform
from maskanim_tf.ops.resizing import resize_bilinear
from maskanim_tf.ops.seeds import COLUMNS, NOISE, ROWS, SIGN, derived_seed


def perturb_test(masks: tf.Tensor, config: PerturbationConfig) -> tf.Tensor:
    """Operator P_test: pixels below rho to zero, then scaled down about the centre.

    Args:
      masks: floating `[batch, side, side, 1]` in [0, 1].
      config: threshold and shrink.

    Returns:
      The same shape and dtype.
    """
    masks = tf.stop_gradient(masks)
    return shrink(threshold(masks, rho(masks, config)), config.shrink)


def perturb_train(masks: tf.Tensor, seeds: tf.Tensor, config: PerturbationConfig) -> tf.Tensor:
    """Operator P_train: strips scaled one by one, pixels below rho to zero, Poisson noise.

    Args:
      masks: floating `[batch, side, side, 1]` in [0, 1].
      seeds: int32 `[batch, 2]`, one per mask.
      config: strips, threshold and noise.

    Returns:
      The same shape and dtype, in [0, 1].
    """
    dtype = masks.dtype
    masks = tf.cast(tf.stop_gradient(masks), tf.float32)
    levels = rho(masks, config)
    side = masks.shape[1]
    # (i) vertical strips, then the same with rows and columns exchanged.
    warped = scale_strips(masks, *draw_strips(seeds, side, COLUMNS, config))
    warped = tf.transpose(warped, (0, 2, 1, 3))
    warped = scale_strips(warped, *draw_strips(seeds, side, ROWS, config))
    warped = tf.transpose(warped, (0, 2, 1, 3))
    # (ii), with the rho of the mask as it came, since strips leave zeros that would lower a median.
    warped = threshold(warped, levels)
    # (iii)
    noise = draw_noise(seeds, masks.shape[1:], config)
    return tf.cast(tf.clip_by_value(warped + noise, 0.0, 1.0), dtype)


def rho(masks: tf.Tensor, config: PerturbationConfig) -> tf.Tensor:
    """The threshold of each mask, `[batch, 1, 1, 1]`: its median pixel, or a fixed value."""
    if config.threshold == "fixed":
        return tf.fill((tf.shape(masks)[0], 1, 1, 1), tf.cast(config.fixed_threshold, masks.dtype))
    count = masks.shape[1] * masks.shape[2]
    flat = tf.reshape(masks, (-1, count))
    # The upper half in falling order ends with the middle value, or the two middle values.
    upper = tf.math.top_k(flat, k=count // 2 + 1).values
    median = upper[:, -1] if count % 2 else (upper[:, -1] + upper[:, -2]) / 2
    return median[:, tf.newaxis, tf.newaxis, tf.newaxis]


def threshold(masks: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
    """Sets pixels below the level of their mask to zero."""
    # A product, since a choice between a mask and zeros cannot be quantized for TFLite.
    return masks * tf.cast(masks >= levels, masks.dtype)


def shrink(masks: tf.Tensor, fraction: float) -> tf.Tensor:
    """Scales masks down by a fraction about their centre and fills with zeros.

    A bilinear resize and zero padding: with an inner side that leaves equal borders this is the
    affine transform, which neither TFLite nor ONNX nor XLA has. The inner side is therefore rounded
    to the parity of the outer one.
    """
    side = masks.shape[1]
    border = round(side * fraction / 2)
    inner = resize_bilinear(masks, side - 2 * border)
    return tf.pad(inner, ((0, 0), (border, border), (border, border), (0, 0)))


def draw_strips(
    seeds: tf.Tensor, side: int, use: int, config: PerturbationConfig
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Random cuts and factors for `scale_strips`, one row per sample.

    Returns:
      edges: int32 `[batch, strips + 1]`, rising from 0 to `side`.
      strip_factors: float32 `[batch, strips]`.
      whole_factors: float32 `[batch]`.
    """
    first, last = cut_range(side, config)
    candidates, cuts = last - first + 1, config.strips - 1
    low, high = 1 - config.strip_scale, 1 + config.strip_scale

    def draw(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        seed = derived_seed(seed, use)
        order = tf.random.stateless_uniform((candidates,), derived_seed(seed, 0))
        chosen = first + tf.sort(tf.math.top_k(order, k=cuts).indices)
        factors = tf.random.stateless_uniform(
            (config.strips + 1,), derived_seed(seed, 1), low, high
        )
        return tf.concat(([0], chosen, [side]), 0), factors

    edges, factors = tf.map_fn(
        draw,
        seeds,
        fn_output_signature=(
            tf.TensorSpec((config.strips + 1,), tf.int32),
            tf.TensorSpec((config.strips + 1,), tf.float32),
        ),
    )
    return edges, factors[:, :-1], factors[:, -1]


def scale_strips(
    masks: tf.Tensor, edges: tf.Tensor, strip_factors: tf.Tensor, whole_factors: tf.Tensor
) -> tf.Tensor:
    """Scales vertical strips horizontally, each inside its own strip, then the whole vertically.

    Args:
      masks: float32 `[batch, side, side, 1]`.
      edges: int32 `[batch, strips + 1]`; strip k covers the columns from edge k up to edge k + 1.
      strip_factors: float32 `[batch, strips]`; above 1 enlarges (and crops), below 1 shrinks (and
        fills with zeros).
      whole_factors: float32 `[batch]`.

    Returns:
      float32, the shape of `masks`.
    """
    side, strips = masks.shape[1], strip_factors.shape[1]
    columns = tf.range(side)
    starts, ends = edges[:, :-1], edges[:, 1:]
    inside = (columns >= starts[..., tf.newaxis]) & (columns < ends[..., tf.newaxis])
    inside = tf.cast(inside, tf.float32)[:, :, tf.newaxis, :, tf.newaxis]
    # One copy of the mask per strip, empty outside it: [batch, strips, side, side, 1].
    pieces = masks[:, tf.newaxis] * inside
    centres = tf.cast(starts + ends - 1, tf.float32) / 2
    moved = affine_transform(
        tf.reshape(pieces, (-1, side, side, 1)),
        _scaling(tf.reshape(strip_factors, (-1,)), tf.reshape(centres, (-1,)), horizontal=True),
    )
    moved = tf.reduce_sum(tf.reshape(moved, (-1, strips, side, side, 1)) * inside, 1)
    middle = tf.fill(tf.shape(whole_factors), (side - 1) / 2)
    return affine_transform(moved, _scaling(whole_factors, middle, horizontal=False))


def draw_noise(seeds: tf.Tensor, shape: tf.TensorShape, config: PerturbationConfig) -> tf.Tensor:
    """Element-wise Poisson noise in units of 1/255, float32 `[batch, *shape]`."""

    def draw(seed: tf.Tensor) -> tf.Tensor:
        noise = tf.random.stateless_poisson(
            shape, derived_seed(seed, NOISE), config.noise_rate, dtype=tf.float32
        )
        if config.noise_sign == "random":
            coin = tf.random.stateless_uniform(shape, derived_seed(seed, SIGN))
            noise = tf.where(coin < 0.5, -noise, noise)
        return noise / 255

    return tf.map_fn(draw, seeds, fn_output_signature=tf.TensorSpec(shape, tf.float32))


def _scaling(factors: tf.Tensor, centres: tf.Tensor, *, horizontal: bool) -> tf.Tensor:
    """Rows for `affine_transform` that scale one axis about a centre."""
    # input = (output - centre) / factor + centre
    inverse, zero, one = 1 / factors, tf.zeros_like(factors), tf.ones_like(factors)
    shift = centres - centres * inverse
    x_row = (inverse, zero, shift) if horizontal else (one, zero, zero)
    y_row = (zero, one, zero) if horizontal else (zero, inverse, shift)
    return tf.stack((*x_row, *y_row, zero, zero), axis=-1)
