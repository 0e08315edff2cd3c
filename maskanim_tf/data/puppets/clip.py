"""Clips: one figure doing one thing before one background, with ground truth."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.data.puppets.figure import random_figure
from maskanim_tf.data.puppets.painting import expose, paint_frame
from maskanim_tf.data.puppets.scene import random_scene
from maskanim_tf.data.puppets.skeleton import JOINT_NAMES

MIN_SIZE = 32
# Frames are painted at least this large and scaled down, which anti-aliases thin stripes and rims.
_MIN_CANVAS = 256
# First entries of the spawn keys of random streams: one stream per person, one per clip.
_PERSON, _SCENE = 0, 1


@dataclasses.dataclass(frozen=True)
class PuppetClip:
    """A rendered clip and its ground truth.

    Positions are (x, y) in pixels, continuous: the frame spans [0, size], x to the right, y down,
    and the centre of the top left pixel is (0.5, 0.5).

    Attributes:
        frames: RGB uint8 `[frames, size, size, 3]`.
        masks: the figure, uint8 `[frames, size, size]`, 0 or 255.
        joints: float32 `[frames, joints, 2]` in the order of `JOINT_NAMES`, always inside the
            frame.
        visible: bool `[frames, joints]`; False where another body part hides most of the joint's
            marker.
        background: the empty scene, RGB uint8 `[size, size, 3]`.
        name: `puppet00012`, or `person0003#01` where several clips share a person.
        action: what the figure does, a key of `motion.ACTIONS`.
    """

    frames: np.ndarray
    masks: np.ndarray
    joints: np.ndarray
    visible: np.ndarray
    background: np.ndarray
    name: str
    action: str


def clip_name(index: int, clips_per_person: int = 1) -> str:
    """Name of clip `index`: `puppet00012`, or `person0003#01` if several clips share a person."""
    if clips_per_person == 1:
        return f"puppet{index:05d}"
    return f"person{index // clips_per_person:04d}#{index % clips_per_person:02d}"


def make_clip(
    seed: int,
    index: int,
    *,
    size: int = 64,
    frames: int = 32,
    fps: float = 25.0,
    clips_per_person: int = 1,
    plain: bool = False,
) -> PuppetClip:
    """Renders clip `index` of the data set that `seed` stands for.

    The same arguments give the same bits. Another size gives the same scene at another resolution,
    more frames continue the motion, and another frame rate samples it more densely.

    Args:
        seed: of the data set, at least 0.
        index: of the clip, at least 0.
        size: height and width of the frames in pixels, at least 32.
        frames: number of frames, at least 1.
        fps: frames per second, above 0.
        clips_per_person: how many consecutive clips show the same figure in the same clothes, at
            least 1.
        plain: whether the background is a studio without any pattern.

    Raises:
        ValueError: if a value is outside its range.
    """
    for name, value, least in (
        ("seed", seed, 0),
        ("index", index, 0),
        ("size", size, MIN_SIZE),
        ("frames", frames, 1),
        ("clips_per_person", clips_per_person, 1),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if not fps > 0:
        raise ValueError(f"fps must be above 0, got {fps}")
    person = index // clips_per_person
    figure = random_figure(_generator(seed, _PERSON, person))
    factor = max(2, -(-_MIN_CANVAS // size))
    scene = random_scene(
        _generator(seed, _SCENE, index), figure, size * factor, np.arange(frames) / fps, plain
    )
    empty = cv2.resize(scene.background, (size, size), interpolation=cv2.INTER_AREA)
    positions = np.stack([scene.project(scene.points[name]) for name in JOINT_NAMES], axis=1)
    pictures = [paint_frame(scene, frame, size) for frame in range(frames)]
    return PuppetClip(
        frames=np.stack([picture[0] for picture in pictures]),
        masks=np.stack([picture[1] for picture in pictures]),
        joints=(positions * size).astype(np.float32),
        visible=np.stack([picture[2] for picture in pictures]),
        background=expose(empty, scene.exposure),
        name=clip_name(index, clips_per_person),
        action=scene.action,
    )


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
