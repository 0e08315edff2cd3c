"""The signatures of the SavedModel: the contract with whoever serves it.

| signature | inputs | outputs |
| --- | --- | --- |
| `serving_default` | `source`, `driving`: frames `[batch, size, size, 3]` | `frame` |
| `animate_bytes` | `source_bytes`, `driving_bytes`: strings `[batch]` | `frame_bytes` `[batch]` |
| `encode_source` | `source_bytes`: strings `[sources]` | `source`, `source_mask` |
| `animate_encoded` | `source`, `source_mask`, `driving_bytes` `[batch]` | `frame_bytes` `[batch]` |
| `masks` | `source`: frames `[sources, size, size, 3]`, `driving` | every intermediate |
| `find_masks` | `driving_bytes`: strings `[frames]` | `driving_mask`, `mask_model` `[frames]` |
| `animate_masks` | `source_bytes`, `driving_mask` `[batch, side, side, 1]` | `frame_bytes` |
| `inspect_masks` | `source`, `driving_mask` | every intermediate but `driving` |

Frames and masks are float32 in [0, 1], strings are encoded pictures, but for `mask_model`, the
fingerprint of the mask generator, which says whose masks it can take. The last two begin where
masks are known. `animate_encoded`, `masks` and `inspect_masks` take one source for all driving
frames, or one for each: a server that joins requests wants equal batch sizes. Names of binary
tensors end in `_bytes`, TensorFlow Serving's convention for base64 in REST requests.
"""

from __future__ import annotations

import tensorflow as tf

from maskanim_tf import keys
from maskanim_tf.export import signature_names as names
from maskanim_tf.export.encoded_frames import decode_frames, encode_frames
from maskanim_tf.inference import AnyAnimator, mask_model_of
from maskanim_tf.ops.resizing import resize_bilinear

# Intermediates that need no driving frame.
SHOWN = (*(key for key in keys.INTERMEDIATES if key != keys.DRIVING), keys.SOURCE_SMALL)


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

    def frames(count, name):
        return tf.TensorSpec((count, size, size, 3), tf.float32, name)

    def masks_of(count, name):
        return tf.TensorSpec((count, mask_size, mask_size, 1), tf.float32, name)

    def strings(count, name):
        return tf.TensorSpec((count,), tf.string, name)

    sources, driving = frames(None, keys.SOURCE), frames(batch, keys.DRIVING)
    source_masks = masks_of(None, keys.SOURCE_MASK)
    driving_masks = masks_of(batch, keys.DRIVING_MASK)
    source_bytes = strings(batch, names.SOURCE_BYTES)
    driving_bytes = strings(batch, names.DRIVING_BYTES)
    mask_model = mask_model_of(animator)

    def traced(function, *specs):
        return tf.function(function).get_concrete_function(*specs)

    find = traced(lambda frames: animator.encode_source(frames)[keys.SOURCE_MASK], sources)
    animate = traced(
        lambda source, source_mask, driving_mask: animator.animate_mask(
            encoded(animator, source, source_mask), driving_mask
        ),
        sources,
        source_masks,
        driving_masks,
    )

    def inspect_masks(source, driving_mask):
        result = animate(source, find(source), driving_mask)
        return {key: result[key] for key in SHOWN}

    def masks(source, driving):
        return {keys.DRIVING: driving, **inspect_masks(source, find(driving))}

    def serving_default(source, driving):
        return {keys.FRAME: inspect_masks(source, find(driving))[keys.FRAME]}

    def frame_bytes(source, source_mask, driving_mask):
        frame = animate(source, source_mask, driving_mask)[keys.FRAME]
        return {names.FRAME_BYTES: encode_frames(frame, encoding, quality)}

    def animate_encoded(source, source_mask, driving_bytes):
        return frame_bytes(source, source_mask, find(decode_frames(driving_bytes, size)))

    def encode_source(source_bytes):
        source = decode_frames(source_bytes, size)
        return {keys.SOURCE: source, keys.SOURCE_MASK: find(source)}

    def encode_sources(source_bytes):
        # A video has one source: it is encoded once, alone, as `encode_source` does it. In a batch
        # some kernels would round differently.
        different, places = tf.unique(source_bytes)
        return {key: tf.gather(v, places) for key, v in encode_source(different).items()}

    def animate_bytes(source_bytes, driving_bytes):
        return animate_encoded(**encode_sources(source_bytes), driving_bytes=driving_bytes)

    def animate_masks(source_bytes, driving_mask):
        return frame_bytes(**encode_sources(source_bytes), driving_mask=driving_mask)

    def find_masks(driving_bytes):
        masks = find(decode_frames(driving_bytes, size))
        return {
            keys.DRIVING_MASK: masks,
            names.MASK_MODEL: tf.fill(tf.shape(masks)[:1], mask_model),
        }

    return {
        names.SERVING_DEFAULT: traced(serving_default, frames(batch, keys.SOURCE), driving),
        names.ANIMATE_BYTES: traced(animate_bytes, source_bytes, driving_bytes),
        names.ENCODE_SOURCE: traced(encode_source, strings(None, names.SOURCE_BYTES)),
        names.ANIMATE_ENCODED: traced(animate_encoded, sources, source_masks, driving_bytes),
        names.MASKS: traced(masks, sources, driving),
        names.FIND_MASKS: traced(find_masks, strings(None, names.DRIVING_BYTES)),
        names.ANIMATE_MASKS: traced(animate_masks, source_bytes, driving_masks),
        names.INSPECT_MASKS: traced(inspect_masks, sources, driving_masks),
    }


def encoded(
    animator: AnyAnimator, source: tf.Tensor, source_mask: tf.Tensor
) -> dict[str, tf.Tensor]:
    """What `Animator.encode_source` gives, from a known mask; D(s) is quickly made again."""
    return {
        keys.SOURCE: source,
        keys.SOURCE_SMALL: resize_bilinear(source, animator.model.mask_size),
        keys.SOURCE_MASK: source_mask,
    }
