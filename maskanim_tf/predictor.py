"""The public face in Python: a picture is set once and animated as often as one likes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from maskanim_tf import animation
from maskanim_tf.animation import AnimatedVideo, AnimationOptions, generate_frames
from maskanim_tf.animation.animator_generator import AnimatorGenerator
from maskanim_tf.config import Config
from maskanim_tf.inference import resolve_precision, rewrite
from maskanim_tf.keys import FRAME
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.media.footage import open_footage
from maskanim_tf.models import checkpoint as checkpoints
from maskanim_tf.models.presets import weights_name
from maskanim_tf.ops.pixels import as_bytes

_log = logging.getLogger(__name__)


class Animator:
    """Trained networks in their fast form, for pictures and frames of any size.

    Args:
      generator: what animates.
      config: of the training of its weights.
    """

    def __init__(self, generator: AnimatorGenerator, config: Config):
        self.generator = generator
        self.config = config
        self._source: np.ndarray | None = None

    @property
    def image_size(self) -> int:
        """Height and width of the frames that come out, in pixels."""
        return self.generator.image_size

    def set_source(self, picture: str | os.PathLike[str] | np.ndarray) -> None:
        """Chooses the picture that `animate` moves, and `animate_video` too.

        Args:
          picture: a path, or RGB `[height, width, 3]`, uint8 or floating in [0, 1]. It is cut at
            the sides to a square.

        Raises:
          ValueError: it cannot be read, or is no such array.
        """
        if not isinstance(picture, np.ndarray):
            picture = next(iter(open_footage(picture).frames()))
        self._source = self._fitted(picture)

    def animate(self, frames: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """The picture moving like frames; they are cut at the sides to squares.

        Args:
          frames: RGB, one `[height, width, 3]` or many `[count, height, width, 3]`, uint8 or
            floating in [0, 1].

        Returns:
          As many frames of `image_size`, of the type that came in: uint8, or float32 in [0, 1].

        Raises:
          ValueError: no source was set, or frames are no such arrays.
        """
        if self._source is None:
            raise ValueError("there is no source; choose one with set_source")
        given = np.asarray(frames)
        single = given.ndim == 3
        driving = [self._fitted(frame) for frame in (given[np.newaxis] if single else given)]
        made = [
            result[FRAME]
            for result in generate_frames(self.generator, self._source, driving, keys=(FRAME,))
        ]
        stacked = np.stack(made) if made else np.empty((0, *self._source.shape), np.float32)
        stacked = as_bytes(stacked) if given.dtype == np.uint8 else stacked
        return stacked[0] if single else stacked

    def animate_video(
        self,
        source: str | os.PathLike[str],
        driving: str | os.PathLike[str],
        output: str | os.PathLike[str],
        **options: Any,
    ) -> AnimatedVideo:
        """Animates a picture by a video and writes a file; see `animation.animate_video`.

        Args:
          source: path of a picture or clip.
          driving: path of a clip.
          output: ends in .mp4, .webm, .gif or .webp; a folder of PNGs otherwise.
          **options: fields of `animation.AnimationOptions`, such as `view="side_by_side"`.
        """
        return animation.animate_video(
            self.generator, source, driving, output, AnimationOptions(**options)
        )

    def _fitted(self, frame: np.ndarray) -> np.ndarray:
        if frame.ndim != 3 or frame.shape[-1] != 3:
            raise ValueError(f"a frame has the shape {frame.shape}, but must be [height, width, 3]")
        if frame.dtype != np.uint8:
            if not np.issubdtype(frame.dtype, np.floating):
                raise ValueError(f"a frame is of {frame.dtype}, but must be uint8 or floating")
            frame = as_bytes(frame)
        return fit_square(frame, self.image_size)


def load_animator(
    weights: str | os.PathLike[str] = "",
    precision: str = "auto",
    ablation: str = "none",
    report: Callable[[str], object] = _log.info,
) -> Animator:
    """Trained networks, ready to animate.

    Args:
      weights: a name such as "people128", a path or an address (`models.presets`); "" for the
        embedded ones.
      precision: what networks compute in: "float32", "bfloat16", or "auto" for bfloat16 where the
        machine is fast at it.
      ablation: what to leave out of the pipeline, one of `models.ABLATIONS`.
      report: takes a line that says which precision was chosen, and why.

    Raises:
      ValueError: no such weights, or no such precision.
    """
    trained, config = checkpoints.load_animator(weights, ablation)
    precision = resolve_precision(precision, report)
    # Shared: as constants, weights would take many times their memory.
    rewritten = rewrite(trained, shared=True, precision=precision)
    return Animator(AnimatorGenerator(rewritten, weights_name(weights)), config)


def animate_video(
    source: str | os.PathLike[str],
    driving: str | os.PathLike[str],
    output: str | os.PathLike[str],
    weights: str | os.PathLike[str] = "",
    **options: Any,
) -> AnimatedVideo:
    """Animates one picture by one video; `Animator.animate_video` with `load_animator(weights)`."""
    return load_animator(weights).animate_video(source, driving, output, **options)
