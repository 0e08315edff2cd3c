"""Draws people with OpenGL, without a display: on a GPU where there is one, else in software.

Software draws fragments slowly and vertices fast, and a face has about as many vertices as pixels.
So light is worked out at vertices; a fragment only looks up colour and relief and adds the gloss of
the key light. The alpha channel of the picture carries the label.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Any

# Mesa's software renderer gets one core, as one process draws one clip.
os.environ.setdefault("LP_NUM_THREADS", "1")

import cv2
import moderngl
import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.camera import FAR, NEAR, View
from maskanim_tf.people.drawn_body import DrawnBody
from maskanim_tf.people.drawn_pieces import DrawnPiece
from maskanim_tf.people.graphics import Program, encoded, make_texture
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.pieces import LENS
from maskanim_tf.people.pose import Pose
from maskanim_tf.people.scene import Scene

_BACKEND: dict[str, Any] = {"backend": "egl"}
_SUPERSAMPLING = 2
_SHADOW_SIZE, _SHADOW_POWER = 192, 55.0
_SHADOW_REACH, _SHADOW_DEPTH = 2.6, 4.5
_STILL = np.zeros((2, 2))
_TEXTURE_UNITS = {"shadow_map": 0, "albedo_map": 1, "strands": 1, "relief_map": 2}


@dataclasses.dataclass(frozen=True)
class Rendered:
    """A frame.

    Attributes:
        image: RGB uint8 `[size, size, 3]`.
        labels: uint8 `[size, size]`, an index of `labels.LABELS`.
        depth: float32 `[size, size]`, distance along the view axis in decimetres; 80 where nothing
            is.
    """

    image: np.ndarray
    labels: np.ndarray
    depth: np.ndarray


class Renderer:
    """Draws frames of one size.

    Raises:
        RuntimeError: if OpenGL cannot be used without a display (names the system packages), or not
            beside the TensorFlow of this process.
    """

    def __init__(self, body: Body, size: int) -> None:
        _check_neighbours()
        self.size = size
        try:
            self.context: Any = moderngl.create_context(standalone=True, **_BACKEND)
        except Exception as error:
            raise RuntimeError(
                f"no OpenGL without a display ({error}): "
                "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"
            ) from error
        context, wide = self.context, size * _SUPERSAMPLING
        context.front_face = "cw"
        self._color = context.renderbuffer((wide, wide), 4)
        self._depth = context.depth_texture((wide, wide))
        self._frame = context.framebuffer([self._color], self._depth)
        self._shadow_depth = context.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._shadow_frame = context.framebuffer(depth_attachment=self._shadow_depth)
        self._shadow = context.texture((_SHADOW_SIZE, _SHADOW_SIZE), 1, dtype="f4")
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self.programs = {
            "skin": Program(context, "surface_vertex", "surface_fragment", "FURROWED"),
            "cloth": Program(context, "surface_vertex", "surface_fragment", "CUTOUT"),
            "surface": Program(
                *(context, "surface_vertex", "surface_fragment", "RIDING", "TWO_SIDED", "CUTOUT")
            ),
            "lens": Program(context, "surface_vertex", "lens_fragment", "RIDING", "TWO_SIDED"),
            "strands": Program(context, "hair_vertex", "hair_fragment"),
            "eye": Program(context, "eye_vertex", "eye_fragment"),
            "plain": Program(context, "plain_vertex", "plain_fragment"),
            "shadow": Program(context, "shadow_vertex", "shadow_fragment"),
            "riding_shadow": Program(context, "shadow_vertex", "shadow_fragment", "RIDING"),
        }
        for program in self.programs.values():
            program.set(shadow_power=_SHADOW_POWER, **_TEXTURE_UNITS)
        self._drawn_body = DrawnBody(context, body, self.programs)
        self._pieces: list[DrawnPiece] = []
        self._textures: dict[int, Any] = {}

    def set_person(self, identity: Identity) -> None:
        """Takes the looks of a person."""
        for owned in (*self._pieces, *self._textures.values()):
            owned.release()
        self._textures = {}
        self._drawn_body.set_person(identity.shape, identity.appearance)
        self._pieces = [
            DrawnPiece(self.context, piece, self.programs, self._texture)
            for piece in identity.appearance.pieces
        ]

    def set_scene(self, scene: Scene) -> None:
        """Takes lights, background and film."""
        self._scene = scene

    def render(
        self, pose: Pose, view: View, seconds: float = 0.0, ways: np.ndarray = _STILL
    ) -> Rendered:
        """Draws one frame; `ways`, how `Pose.anchors` move in it, pixels a second, blur it."""
        self._drawn_body.set_pose(pose)
        self._share_uniforms(pose, view)
        self._cast_shadows(pose)
        context = self.context
        self._frame.use()
        self._frame.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        context.enable_only(moderngl.DEPTH_TEST)
        self._drawn_body.draw(context)
        for piece in self._pieces:
            if piece.kind != LENS:
                piece.draw()
        pixels = self._read()
        labels = cv2.extractChannel(pixels, 3)
        depth = np.frombuffer(self._depth.read(), np.float32).reshape(labels.shape)
        depth = depth[::_SUPERSAMPLING, ::_SUPERSAMPLING]
        depth = 2 * NEAR * FAR / (FAR + NEAR - (depth * 2 - 1) * (FAR - NEAR))
        lenses = [piece for piece in self._pieces if piece.kind == LENS]
        if lenses:
            context.enable(moderngl.BLEND)
            context.blend_func = moderngl.ONE, moderngl.ONE
            for piece in lenses:
                piece.draw()
            pixels = self._read()
        size = (self.size, self.size)
        person = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        _, cover = cv2.threshold(labels, 0, 255, cv2.THRESH_BINARY)
        cv2.insertChannel(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), person, 3)
        return Rendered(
            image=self._scene.finish(person, depth, view, seconds, pose.anchors, ways),
            labels=labels[::_SUPERSAMPLING, ::_SUPERSAMPLING].copy(),
            depth=depth,
        )

    def release(self) -> None:
        """Frees everything."""
        self.context.release()

    def _read(self) -> np.ndarray:
        wide = self.size * _SUPERSAMPLING
        return np.frombuffer(self._frame.read(components=4), np.uint8).reshape(wide, wide, 4)

    def _texture(self, pixels: np.ndarray) -> Any:
        """The texture with these pixels; equal arrays share one."""
        key = id(pixels)
        if key not in self._textures:
            self._textures[key] = make_texture(self.context, pixels)
        return self._textures[key]

    def _share_uniforms(self, pose: Pose, view: View) -> None:
        lights = self._scene.lights
        shared = {
            # Upside down: OpenGL's first row is the lowest one, a picture's the highest.
            "view_matrix": view.matrix.T * np.float32([1.0, -1.0, 1.0, 1.0]),
            "eye": view.eye,
            "up": pose.head[:, 1],
            "head": np.vstack([pose.head, [0, 0, 0, 1]]).T,
            "chest": np.vstack([pose.chest, [0, 0, 0, 1]]).T,
            "light_direction": lights.directions,
            "light_color": lights.colors,
            "harmonics": lights.harmonics,
            "light_matrix": _light_matrix(pose, lights.directions[0]).T,
            "exposure": lights.exposure,
            "sky": lights.harmonics[0],
        }
        coded = {
            name: value if isinstance(value, float) else encoded(value)
            for name, value in shared.items()
        }
        for program in self.programs.values():
            program.set(**coded)

    def _cast_shadows(self, pose: Pose) -> None:
        self._shadow_frame.use()
        self._shadow_frame.clear(depth=1.0)
        self.context.enable_only(moderngl.DEPTH_TEST)
        self._drawn_body.draw_shadow(self.context)
        for piece in self._pieces:
            piece.draw_shadow()
        depth = np.frombuffer(self._shadow_depth.read(), np.float32)
        depth = depth.reshape(_SHADOW_SIZE, _SHADOW_SIZE)
        powers = np.exp(_SHADOW_POWER * (depth - 0.5))
        softness = self._scene.lights.softness * _SHADOW_SIZE / 256
        self._shadow.write(cv2.GaussianBlur(powers, (0, 0), softness).tobytes())
        self._shadow.use(0)


def _light_matrix(pose: Pose, toward: np.ndarray) -> np.ndarray:
    """World to the shadow map's clip space: a box round head and shoulders."""
    center = pose.head[:, :3] @ np.array([0.0, 6.8, 0.4]) + pose.head[:, 3]
    right = np.cross([0.0, 1.0, 0.0], toward)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(toward, right), toward])
    matrix = np.eye(4)
    matrix[:3, :3] = axes
    matrix[:3, 3] = -axes @ center
    reach = np.array([1 / _SHADOW_REACH, 1 / _SHADOW_REACH, -1 / _SHADOW_DEPTH, 1.0])
    return np.diag(reach) @ matrix


def _check_neighbours() -> None:
    """Mesa's and TensorFlow 2.21's copies of LLVM end the process when both are at work in it."""
    version = getattr(sys.modules.get("tensorflow"), "__version__", "0.0")
    if tuple(map(int, version.split(".")[:2])) >= (2, 16):
        raise RuntimeError(
            f"people cannot be drawn beside TensorFlow {version}: draw them in a process that has "
            "not loaded it, as python -m maskanim_tf.people does"
        )
