"""Clips: one person doing one thing before one camera, with ground truth."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from maskanim_tf.config import Section, option
from maskanim_tf.people.background import BACKGROUNDS
from maskanim_tf.people.body import load_body
from maskanim_tf.people.camera import CAMERAS, FRAMINGS, Camera
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.kinematics import Rig
from maskanim_tf.people.landmarks import landmark_vertices, visible_points
from maskanim_tf.people.motion import Motion, MotionState
from maskanim_tf.people.randomness import CAMERA, MOTION, SCENE, stream
from maskanim_tf.people.renderer import Renderer
from maskanim_tf.people.scene import Scene


@dataclasses.dataclass(frozen=True)
class ClipOptions(Section):
    """What is filmed and how.

    Raises:
        ValueError: if a value is outside its range.
    """

    size: int = option(256, "height and width in pixels", minimum=64, maximum=512)
    frames: int = option(50, "frames per clip", minimum=1)
    fps: float = option(25.0, "frames per second", above=0, maximum=1000)
    framing: str = option("any", "how much is seen", choices=("any", *FRAMINGS))
    camera: str = option("any", "how it is held", choices=CAMERAS)
    background: str = option("any", "plain ones are learnt sooner", choices=BACKGROUNDS)
    keep_in_frame: bool = option(True, "the whole head stays in the picture all the time")


@dataclasses.dataclass(frozen=True)
class PersonClip:
    """A rendered clip and its ground truth.

    Positions are (x, y) in pixels, continuous: the frame spans [0, size], x to the right, y down,
    and the centre of the top left pixel is (0.5, 0.5).

    Attributes:
        name: `person0000003#motion0000012`.
        frames: RGB uint8 `[frames, size, size, 3]`.
        labels: uint8 `[frames, size, size]`, an index of `labels.LABELS`; 0 is background.
        points: float32 `[frames, points, 2]` in the order of `POINT_NAMES`.
        visible: bool `[frames, points]`.
        points_3d: float32 `[frames, points, 3]`, in decimetres.
        cameras: float32 `[frames, 4, 4]`, world to clip space.
        states: the motion's channels, one for each frame.
        person: who it is.
        action: what he or she does, a key of `motion.ACTIONS`.
        framing: a key of `FRAMINGS`.
        movement: of the camera.
    """

    name: str
    frames: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    visible: np.ndarray
    points_3d: np.ndarray
    cameras: np.ndarray
    states: list[MotionState]
    person: Identity
    action: str
    framing: str
    movement: str


def clip_name(person: int, motion: int) -> str:
    """Name of a clip; clips with the same text after `#` show the same motion."""
    return f"person{person:07d}#motion{motion:07d}"


def make_clip(seed: int, person: int, motion: int, options: ClipOptions) -> PersonClip:
    """Renders one person performing one motion.

    The same arguments give the same bits. The same motion gives true pairs across persons: frame by
    frame the same expression, pose and camera. Light, clothes and background belong to person and
    motion together.

    Args:
        seed: of the data set, at least 0.
        person: number of the person, at least 0.
        motion: number of the motion, at least 0.
        options: what is filmed and how.

    Raises:
        RuntimeError: if the data of the body or OpenGL are missing; names the remedy.
    """
    body, renderer = load_body(), _renderer(options.size)
    identity = _identity(seed, person, options.size)
    times = np.arange(options.frames) / options.fps
    movement = Motion(body.unit_names, stream(seed, MOTION, motion), float(times[-1]))
    camera = Camera(
        Rig(body, body.mesh.joints @ body.rest),
        movement,
        stream(seed, CAMERA, motion),
        framing=options.framing,
        movement=options.camera,
        keep=options.keep_in_frame,
    )
    renderer.set_person(identity)
    renderer.set_scene(Scene(stream(seed, SCENE, person, motion), options.background))
    landmarks = landmark_vertices(body)
    frames, states = [], []
    anchors: np.ndarray | None = None
    for seconds in times.tolist():
        state, view = movement.at(seconds), camera.at(seconds)
        pose = identity.poser.pose(state)
        before, anchors = anchors, view.project(pose.anchors, options.size)
        ways = (anchors - (anchors if before is None else before)) * options.fps
        drawn = renderer.render(pose, view, seconds, ways)
        points = pose.positions[landmarks]
        places = view.project(points, options.size)
        visible = visible_points(points, view, drawn.depth)
        frames.append((drawn.image, drawn.labels, places, visible, points, view.matrix))
        states.append(state)
    images, labels, places, visible, points, cameras = map(np.stack, zip(*frames))
    return PersonClip(
        name=clip_name(person, motion),
        frames=images,
        labels=labels,
        points=places.astype(np.float32),
        visible=visible,
        points_3d=points.astype(np.float32),
        cameras=cameras,
        states=states,
        person=identity,
        action=movement.action,
        framing=camera.framing,
        movement=camera.movement,
    )


@functools.lru_cache(maxsize=1)
def _renderer(size: int) -> Renderer:
    return Renderer(load_body(), size)


@functools.lru_cache(maxsize=8)
def _identity(seed: int, person: int, picture: int) -> Identity:
    """Several clips of one person come close together."""
    return Identity(load_body(), seed, person, picture)
