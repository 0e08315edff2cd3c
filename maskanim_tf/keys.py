"""Keys of every dict that networks take and return, with the paper's symbols (section 3).

All tensors are float32 in [0, 1], NHWC. `image_size` is 256 by default, `mask_size` is
`image_size * mask_scale`.
"""

# Frames, [batch, image_size, image_size, 3].
SOURCE = "source"  # s
DRIVING = "driving"  # d
COARSE = "coarse"  # c, from the low-resolution generator
FRAME = "frame"  # f, from the high-resolution generator
FETCHED = "fetched"  # what l fetched of s, with correspondence only

# Frames, [batch, mask_size, mask_size, 3].
SOURCE_SMALL = "source_small"  # D(s)

# Masks, [batch, mask_size, mask_size, 1].
MASK = "mask"  # what the mask generator returns, for either frame
SOURCE_MASK = "source_mask"  # m_s
DRIVING_MASK = "driving_mask"  # m(d), or m(A(d)) in training
PERTURBED_MASK = "perturbed_mask"  # P(m(d))
REFINED_MASK = "refined_mask"  # m_d, from the mask refiner
TARGET_MASK = "target_mask"  # m(A(target)), what r is to restore; m(A(d)) where d is the target

# What training batches and evaluation frames hold besides source and driving.
TARGET = "target"  # what is to come out: d as filmed, or the source in d's pose; like a frame
AUGMENTED_TARGET = "augmented_target"  # A(target), where another identity drives the source
SKETCHES = "sketches"  # what masks of source, driver and target shall be, [batch, 3, size, .., 1]
SEEDS = "seeds"  # int32 [batch, 2], one per sample
CLIP = "clip"  # int64 [batch], index of the clip
FRAME_NUMBER = "frame_number"  # int64 [batch], of the driving frame in its clip

# Splits of a data set.
TRAIN, TEST = SPLITS = ("train", "test")

# Everything the pipeline computes, in the order of the paper's figure 3.
INTERMEDIATES = (
    SOURCE,
    SOURCE_MASK,
    DRIVING,
    DRIVING_MASK,
    PERTURBED_MASK,
    REFINED_MASK,
    COARSE,
    FRAME,
)
