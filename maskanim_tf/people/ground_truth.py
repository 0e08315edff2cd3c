"""The ground truth of a clip on disk: one `.npz` beside each video.

It holds what `data.clip_truth` reads, with the points in the order of `POINT_NAMES`, and besides:

* `labels`: uint8 `[frames, size, size]`, an index of `labels.LABELS`; `packed_masks` are the pixels
  above 0.
* `points_3d`: float32 `[frames, points, 3]` in decimetres.
* `cameras`: float32 `[frames, 4, 4]`, world to clip space.
* `motion_<channel>`: the channels of `MotionState`, each `[frames, ...]`.
* `fps`: frames per second.
* `about`: JSON with seed and numbers of person and motion, traits of the person, what he or she
  does, framing and movement of the camera.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.person_clip import PersonClip
from maskanim_tf.storage.files import atomic_path

_CHANNELS = tuple(field.name for field in dataclasses.fields(MotionState))


def write_truth(path: str, clip: PersonClip, seed: int, fps: float) -> None:
    """Writes the `.npz` file, whole or not at all. The same clip gives the same bytes."""
    shape = clip.person.shape
    about = {
        "seed": seed,
        "person": clip.person.index,
        "motion": int(clip.name.rpartition("motion")[2]),
        "action": clip.action,
        "framing": clip.framing,
        "camera": clip.movement,
        "female": shape.female,
        "build": dataclasses.asdict(shape.build),
        "details": shape.details,
    }
    channels = {
        f"motion_{name}": np.stack([getattr(state, name) for state in clip.states])
        for name in _CHANNELS
    }
    with atomic_path(path) as partial:
        np.savez_compressed(
            partial,
            packed_masks=np.packbits(clip.labels > 0, axis=-1),
            labels=clip.labels,
            points=clip.points,
            visible=clip.visible,
            points_3d=clip.points_3d,
            cameras=clip.cameras,
            fps=np.float64(fps),
            about=np.array(json.dumps(about)),
            **channels,
        )
