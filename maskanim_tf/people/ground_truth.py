"""The ground truth of a clip on disk: one `.npz` beside each video."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from maskanim_tf.people.motion import MotionState
from maskanim_tf.people.person_clip import PersonClip
from maskanim_tf.storage.files import atomic_path

_CHANNELS = tuple(field.name for field in dataclasses.fields(MotionState))


@dataclasses.dataclass(frozen=True)
class GroundTruth:
    """What is known about a clip; see `PersonClip` for the conventions.

    Attributes:
        masks: uint8 `[frames, size, size]`, 255 where the person is, else 0.
        labels: uint8 `[frames, size, size]`, an index of `labels.LABELS`.
        points: float32 `[frames, points, 2]` in pixels, in the order of `POINT_NAMES`.
        visible: bool `[frames, points]`.
        points_3d: float32 `[frames, points, 3]` in decimetres.
        cameras: float32 `[frames, 4, 4]`, world to clip space.
        motion: the channels of `MotionState`, each `[frames, ...]`.
        fps: frames per second.
        about: seed and numbers of person and motion, traits of the person, what he or she does,
            framing and movement of the camera.
    """

    masks: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    visible: np.ndarray
    points_3d: np.ndarray
    cameras: np.ndarray
    motion: dict[str, np.ndarray]
    fps: float
    about: dict


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


def read_truth(path: str) -> GroundTruth:
    """Reads the `.npz` file beside a video."""
    with np.load(path) as file:
        packed = file["packed_masks"]
        return GroundTruth(
            masks=np.unpackbits(packed, axis=-1, count=file["labels"].shape[2]) * np.uint8(255),
            labels=file["labels"],
            points=file["points"],
            visible=file["visible"],
            points_3d=file["points_3d"],
            cameras=file["cameras"],
            motion={name: file[f"motion_{name}"] for name in _CHANNELS},
            fps=float(file["fps"]),
            about=json.loads(str(file["about"])),
        )
