"""What all exporters are told, and the frames that they check and calibrate with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from maskanim_tf.config import Config, Section, option
from maskanim_tf.data.sources import open_clips
from maskanim_tf.keys import TRAIN
from maskanim_tf.media.fitting import fit_square
from maskanim_tf.models import ABLATIONS
from maskanim_tf.ops.pixels import as_floats
from maskanim_tf.puppets import make_clip


@dataclasses.dataclass(frozen=True)
class ExportOptions(Section):
    """What is exported, and what it is checked with."""

    checkpoint: str = option("", "weight file of a run; by default the embedded one")
    ablation: str = option("none", "what the pipeline goes without", choices=ABLATIONS)
    data_dir: str = option(
        "", "folder of videos whose frames the result is checked with; by default puppets"
    )
    picture_strips: bool = option(
        False, "its pictures are strips of frames, as with --picture_strips in training"
    )
    seed: int = option(0, "seed of the choice of frames", minimum=0)


def sample_clips(
    config: Config, options: ExportOptions, clips: int, frames: int
) -> Iterator[np.ndarray]:
    """Frames of a seeded choice of clips, float32 `[frames, size, size, 3]` in [0, 1] each.

    Frames are spread evenly over a clip. A folder with fewer clips than asked for gives all it has.

    Raises:
      FileNotFoundError: `data_dir` does not exist.
      ValueError: there are no clips in it.
    """
    size = config.model.image_size
    if not options.data_dir:
        for index in range(clips):
            # Puppets need some pixels to be drawn on.
            drawn = make_clip(options.seed, index, size=max(size, 32), frames=frames).frames
            yield as_floats(np.stack([fit_square(frame, size) for frame in drawn]))
        return
    # All clips: none has to be held back, as the training of the weights did with its own.
    data = config.data.replace(data_dir=options.data_dir, held_out=0, progress=False)
    data = data.replace(picture_strips=options.picture_strips or data.picture_strips)
    source = open_clips(config.replace(data=data), TRAIN)
    rng = np.random.default_rng(options.seed)
    for clip in rng.permutation(len(source.names))[:clips]:
        chosen = np.linspace(0, source.frame_counts[clip] - 1, frames).astype(int)
        yield as_floats(source.read_frames(int(clip), chosen.tolist()))
