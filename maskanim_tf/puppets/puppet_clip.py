"""Clips: one figure doing one thing before one background, with ground truth."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from maskanim_tf.puppets.figure import random_figure
from maskanim_tf.puppets.painting import expose, paint_frame
from maskanim_tf.puppets.puppet_scene import random_scene
from maskanim_tf.puppets.skeleton import JOINT_NAMES

MIN_SIZE = 32
# Frames are painted at least this large and scaled down, which anti-aliases thin stripes and rims.
_MIN_CANVAS = 256
# First entries of the spawn keys of random streams: one per person, one per motion with its camera,
# and, where a motion has several persons, one per clip for light and background.
_PERSON, _SCENE, _SURROUNDINGS = 0, 1, 2


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
        name: `puppet00012`, `person0003#01` where several clips share a person, or
            `person0003#motion00001` where several share a motion.
        action: what the figure does, a key of `actions.ACTIONS`.
    """

    frames: np.ndarray
    masks: np.ndarray
    joints: np.ndarray
    visible: np.ndarray
    background: np.ndarray
    name: str
    action: str


@dataclasses.dataclass(frozen=True)
class Cast:
    """Who does what: numbers of persons and motions of clips.

    With several identities per motion, clips come in blocks, in which every one of so many persons
    makes every one of `clips_per_person` motions; the clips of one motion follow each other.

    Attributes:
        clips_per_person: how many clips show the same figure in the same clothes, at least 1.
        identities_per_motion: how many figures make the same motion before the same camera, each
            in a scene of its own, at least 1.
    """

    clips_per_person: int = 1
    identities_per_motion: int = 1

    def numbers(self, index: int) -> tuple[int, int]:
        """Person and motion of clip `index`."""
        block, place = divmod(index, self.clips_per_person * self.identities_per_motion)
        motion, person = divmod(place, self.identities_per_motion)
        return (
            block * self.identities_per_motion + person,
            block * self.clips_per_person + motion,
        )

    def persons(self, index: int) -> list[int]:
        """Who makes the motion of clip `index`: first the person of the clip, then the others."""
        own, _ = self.numbers(index)
        first = own - own % self.identities_per_motion
        everybody = range(first, first + self.identities_per_motion)
        return [own, *(person for person in everybody if person != own)]

    def name(self, index: int) -> str:
        """Name of clip `index`, see `PuppetClip`."""
        person, motion = self.numbers(index)
        if self.identities_per_motion > 1:
            return f"person{person:04d}#motion{motion:05d}"
        if self.clips_per_person > 1:
            return f"person{person:04d}#{index % self.clips_per_person:02d}"
        return f"puppet{index:05d}"


def make_clip(
    seed: int,
    index: int,
    *,
    size: int = 64,
    frames: int = 32,
    fps: float = 25.0,
    clips_per_person: int = 1,
    identities_per_motion: int = 1,
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
        clips_per_person: see `Cast`.
        identities_per_motion: see `Cast`.
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
        ("identities_per_motion", identities_per_motion, 1),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if not fps > 0:
        raise ValueError(f"fps must be above 0, got {fps}")
    cast = Cast(clips_per_person, identities_per_motion)
    _, motion = cast.numbers(index)
    figures = [random_figure(_generator(seed, _PERSON, who)) for who in cast.persons(index)]
    shared = identities_per_motion > 1
    factor = max(2, -(-_MIN_CANVAS // size))
    scene = random_scene(
        _generator(seed, _SCENE, motion),
        figures,
        size * factor,
        np.arange(frames) / fps,
        plain,
        _generator(seed, _SURROUNDINGS, index) if shared else None,
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
        name=cast.name(index),
        action=scene.action,
    )


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
