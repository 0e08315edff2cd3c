"""What turns driving frames into frames: networks, exported files, a server."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np

from maskanim_tf.animation.options import RELATIVE, AnimationOptions
from maskanim_tf.animation.views import shown_keys
from maskanim_tf.keys import DRIVING, FRAME, SOURCE


class FrameGenerator(Protocol):
    """One picture that moves as frames tell it.

    Frames are uint8 `[batch, image_size, image_size, 3]`, RGB. Results are float32
    `[batch, height, width, channels]` in [0, 1], by the keys of `maskanim_tf.keys`.

    Attributes:
      label: what it is, for messages.
      image_size: height and width of a frame in pixels.
      batch_size: driving frames of every call, 0 for any number of them.
      concurrency: how many calls of `animate` may be open at once, from as many threads.
      outputs: keys that `animate` can return.
      finds_masks: whether `masks` can be called.
      takes_masks: whether `animate` can be given masks.
      model: name of the weights, for notes in films; "" where it is not known.
      mask_size: height and width of a mask in pixels; 0 where that is not known.
      mask_model: fingerprint of the mask generator's weights; "" where that is not known.
    """

    label: str
    image_size: int
    batch_size: int = 0
    concurrency: int = 1
    outputs: Collection[str] = (FRAME,)
    finds_masks: bool = False
    takes_masks: bool = False
    model: str = ""
    mask_size: int = 0
    mask_model: str = ""

    def set_source(self, source: np.ndarray) -> None:
        """Chooses the picture, uint8 `[image_size, image_size, 3]`, for all calls that follow."""

    def animate(
        self, driving: np.ndarray, wanted: Sequence[str] = (FRAME,), masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Animates the picture.

        Args:
          driving: frames.
          wanted: which of `outputs` to return.
          masks: in place of those that `masks` gives.
        """

    def masks(self, frames: np.ndarray) -> np.ndarray:
        """The mask of each frame, float32 `[batch, mask_size, mask_size, 1]` in [0, 1]."""

    def close(self) -> None:
        """Ends the use of what it holds open."""
        return


def check_abilities(generator: FrameGenerator, options: AnimationOptions) -> None:
    """Raises ValueError, naming the option, where a generator cannot do what is asked for."""
    missing = missing_keys(generator, shown_keys(options.view, options.alpha))
    view = "--alpha needs" if options.alpha else f"--view={options.view} shows"
    lacks = {
        f"{view} {', '.join(missing)}": bool(missing),
        "--find_best_frame compares masks": options.find_best_frame and not generator.finds_masks,
        "--smooth_masks changes masks": options.smooth_masks > 0 and not generator.takes_masks,
        "--motion=relative moves masks": options.motion == RELATIVE
        and not (generator.finds_masks and generator.takes_masks),
    }
    for wish, lacking in lacks.items():
        if lacking:
            raise ValueError(
                f"{wish}, to which {generator.label} gives no access; leave the option out, or use "
                "python -m maskanim_tf.animate"
            )


def missing_keys(generator: FrameGenerator, keys: Sequence[str]) -> list[str]:
    """The keys that neither the generator nor who calls it knows."""
    return [key for key in keys if key not in (SOURCE, DRIVING, *generator.outputs)]
