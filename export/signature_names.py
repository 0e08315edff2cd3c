"""Names of the signatures of a SavedModel, and of their tensors of strings.

Apart from the signatures themselves, so that clients load neither networks nor TensorFlow. All
other tensors are named by `maskanim_tf.keys`.
"""

SERVING_DEFAULT = "serving_default"
ANIMATE_BYTES = "animate_bytes"
ENCODE_SOURCE = "encode_source"
ANIMATE_ENCODED = "animate_encoded"
MASKS = "masks"
FIND_MASKS = "find_masks"
ANIMATE_MASKS = "animate_masks"
INSPECT_MASKS = "inspect_masks"

SOURCE_BYTES = "source_bytes"
DRIVING_BYTES = "driving_bytes"
FRAME_BYTES = "frame_bytes"
MASK_MODEL = "mask_model"
