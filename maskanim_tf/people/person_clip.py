"""Clips: one person doing one thing before one camera, with ground truth."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from maskanim_tf.people.background import BACKGROUNDS
from maskanim_tf.people.body import load_body
from maskanim_tf.people.camera import CAMERAS, FRAMINGS, Camera
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.kinematics import Rig
from maskanim_tf.people.landmarks import landmark_vertices
from maskanim_tf.people.motion import Motion, MotionState
from maskanim_tf.people.randomness import CAMERA, MOTION, SCENE, stream
from maskanim_tf.people.renderer import Renderer
from maskanim_tf.people.scene import Scene
from maskanim_tf.people.truth import visible_points

MIN_SIZE, MAX_SIZE = 64, 512


@dataclasses.dataclass(frozen=True)
class ClipOptions:
    """What is filmed and how.

    Attributes:
        size: height and width of the frames in pixels, 64 to 512.
        frames: number of frames, at least 1.
        fps: frames per second, above 0.
        framing: `any`, or a key of `FRAMINGS` from `face` to `half-length`.
        camera: `any`, `still`, `hand-held` or `moving`.
        background: `any`, `plain` or `busy`.
        keep: whether the head stays in the picture all the time.

    Raises:
        ValueError: if a value is outside its range.
    """

    size: int = 256
    frames: int = 50
    fps: float = 25.0
    framing: str = "any"
    camera: str = "any"
    background: str = "any"
    keep: bool = True

    def __post_init__(self) -> None:
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            raise ValueError(f"size must be {MIN_SIZE} to {MAX_SIZE}, got {self.size}")
        if self.frames < 1:
            raise ValueError(f"frames must be at least 1, got {self.frames}")
        if not self.fps > 0:
            raise ValueError(f"fps must be above 0, got {self.fps}")
        for name, value, allowed in (
            ("framing", self.framing, ("any", *FRAMINGS)),
            ("camera", self.camera, CAMERAS),
            ("background", self.background, BACKGROUNDS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


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
    movement = Motion(
        [str(name) for name in body.mesh.unit_names], stream(seed, MOTION, motion), float(times[-1])
    )
    camera = Camera(
        Rig(body, body.mesh.joints @ body.rest),
        movement,
        stream(seed, CAMERA, motion),
        framing=options.framing,
        movement=options.camera,
        keep=options.keep,
    )
    renderer.set_person(identity)
    renderer.set_scene(Scene(stream(seed, SCENE, person, motion), options.background))
    landmarks = landmark_vertices(body)
    states, views, pictures, points, places = [], [], [], [], []
    for seconds in times:
        states.append(movement.at(float(seconds)))
        views.append(camera.at(float(seconds)))
        pose = identity.poser.pose(states[-1])
        points.append(pose.positions[landmarks])
        places.append(views[-1].project(pose.anchors, options.size))
        ways = (places[-1] - places[max(len(places) - 2, 0)]) * options.fps
        pictures.append(renderer.render(pose, views[-1], float(seconds), ways))
    size = options.size
    return PersonClip(
        name=clip_name(person, motion),
        frames=np.stack([picture.image for picture in pictures]),
        labels=np.stack([picture.labels for picture in pictures]),
        points=np.stack([view.project(each, size) for view, each in zip(views, points)]).astype(
            np.float32
        ),
        visible=np.stack(
            [
                visible_points(each, view, picture.depth)
                for each, view, picture in zip(points, views, pictures)
            ]
        ),
        points_3d=np.stack(points).astype(np.float32),
        cameras=np.stack([view.matrix for view in views]),
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
