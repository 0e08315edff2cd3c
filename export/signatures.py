"""The signatures of the SavedModel: the contract with whoever serves it.

| signature | inputs | outputs |
| --- | --- | --- |
| `serving_default` | `source`, `driving`: frames `[batch, size, size, 3]` | `frame` |
| `animate_bytes` | `source_bytes`, `driving_bytes`: strings `[batch]` | `frame_bytes` `[batch]` |
| `encode_source` | `source_bytes`: strings `[sources]` | `source`, `source_mask` |
| `animate_encoded` | `source`, `source_mask`, `driving_bytes` `[batch]` | `frame_bytes` `[batch]` |
| `masks` | `source`: frames `[sources, size, size, 3]`, `driving` | every intermediate |

Frames are float32 in [0, 1], strings are encoded pictures. `animate_encoded` and `masks` take one
source for all driving frames, or one for each: a server that joins requests wants equal batch
sizes. Names of binary tensors end in `_bytes`, TensorFlow Serving's convention for base64 in REST
requests.
"""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.export.encoded_frames import decode_frames, encode_frames
from maskanim_tf.export.signature_names import (
    ANIMATE_BYTES,
    ANIMATE_ENCODED,
    DRIVING_BYTES,
    ENCODE_SOURCE,
    FRAME_BYTES,
    MASKS,
    SERVING_DEFAULT,
    SOURCE_BYTES,
)
from maskanim_tf.inference import AnyAnimator
from maskanim_tf.ops.resizing import resize_bilinear


def make_signatures(
    animator: AnyAnimator, batch: int | None, encoding: str, quality: int
) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """Traces every signature.

    The two functions that hold the networks are traced once, and all signatures call them, so that
    weights which are constants are stored once.

    Args:
      animator: an `Animator`, or what `maskanim_tf.inference` made of one.
      batch: driving frames of a request, None for any number.
      encoding: of answers, "png" or "jpeg".
      quality: of JPEG answers, 1 to 100.
    """
    size, mask_size = animator.model.image_size, animator.model.mask_size
    frames = tf.TensorSpec((batch, size, size, 3), tf.float32)
    sources = tf.TensorSpec((None, size, size, 3), tf.float32, keys.SOURCE)
    masks_of_sources = tf.TensorSpec((None, mask_size, mask_size, 1), tf.float32, keys.SOURCE_MASK)
    strings = tf.TensorSpec((batch,), tf.string)

    def traced(function, *specs):
        return tf.function(function).get_concrete_function(*specs)

    encode = traced(lambda source: animator.encode_source(source)[keys.SOURCE_MASK], sources)
    animate = traced(
        lambda source, source_mask, driving: animate_with(animator, source, source_mask, driving),
        sources,
        masks_of_sources,
        frames,
    )

    def masks(source, driving):
        result = animate(source, encode(source), driving)
        return {key: result[key] for key in (*keys.INTERMEDIATES, keys.SOURCE_SMALL)}

    def serving_default(source, driving):
        return {keys.FRAME: animate(source, encode(source), driving)[keys.FRAME]}

    def animate_encoded(source, source_mask, driving_bytes):
        driving = decode_frames(driving_bytes, size)
        frame = animate(source, source_mask, driving)[keys.FRAME]
        return {FRAME_BYTES: encode_frames(frame, encoding, quality)}

    def encode_source(source_bytes):
        source = decode_frames(source_bytes, size)
        return {keys.SOURCE: source, keys.SOURCE_MASK: encode(source)}

    def animate_bytes(source_bytes, driving_bytes):
        # A video has one source: it is encoded once, alone, as `encode_source` does it. In a batch
        # some kernels would round differently.
        different, places = tf.unique(source_bytes)
        sources = {key: tf.gather(v, places) for key, v in encode_source(different).items()}
        return animate_encoded(**sources, driving_bytes=driving_bytes)

    def named(spec, name):
        return tf.TensorSpec(spec.shape, spec.dtype, name)

    driving = named(frames, keys.DRIVING)
    driving_bytes = named(strings, DRIVING_BYTES)
    return {
        SERVING_DEFAULT: traced(serving_default, named(frames, keys.SOURCE), driving),
        ANIMATE_BYTES: traced(animate_bytes, named(strings, SOURCE_BYTES), driving_bytes),
        ENCODE_SOURCE: traced(encode_source, tf.TensorSpec((None,), tf.string, SOURCE_BYTES)),
        ANIMATE_ENCODED: traced(animate_encoded, sources, masks_of_sources, driving_bytes),
        MASKS: traced(masks, sources, driving),
    }


def animate_with(
    animator: AnyAnimator, source: tf.Tensor, source_mask: tf.Tensor, driving: tf.Tensor
) -> dict[str, tf.Tensor]:
    """`Animator.animate` for a source whose mask is known."""
    return animator.animate(encoded(animator, source, source_mask), driving)


def encoded(
    animator: AnyAnimator, source: tf.Tensor, source_mask: tf.Tensor
) -> dict[str, tf.Tensor]:
    """What `Animator.encode_source` gives, from a known mask; D(s) is quickly made again."""
    return {
        keys.SOURCE: source,
        keys.SOURCE_SMALL: resize_bilinear(source, animator.model.mask_size),
        keys.SOURCE_MASK: source_mask,
    }
