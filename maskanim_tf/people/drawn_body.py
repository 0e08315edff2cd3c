"""The body on the graphics card: skin, eyes, mouth, lashes and the cloth that follows it."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from maskanim_tf.people.appearance import Appearance
from maskanim_tf.people.body import Body
from maskanim_tf.people.clothes import load_cloth_map
from maskanim_tf.people.graphics import Program, drawing_order, make_texture
from maskanim_tf.people.labels import CLOTHES, EYES, MOUTH, SKIN
from maskanim_tf.people.pose import Pose
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin_map import load_skin_map, texture_coordinates

_SKIN_SCATTER = np.float32([0.52, 0.20, 0.11])
_CLOTH_SCATTER = np.full(3, 0.10, np.float32)
_EYE, _LASHES_PER_RADIAN = np.float32([0.308, 7.284, 1.24]), 10.0
# Face units that fold the skin: nowhere, of the forehead, between the brows, beside the eyes, and
# beside the mouth.
_FOLDING = (
    (),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    ("browDownLeft", "browDownRight"),
    ("cheekSquintLeft", "cheekSquintRight", "eyeSquintLeft", "eyeSquintRight"),
    ("mouthSmileLeft", "mouthSmileRight"),
)
# How far face units open the mouth to light.
_OPENING = {
    "jawOpen": 1.6,
    **dict.fromkeys(("mouthUpperUpLeft", "mouthUpperUpRight"), 0.8),
    **dict.fromkeys(("mouthLowerDownLeft", "mouthLowerDownRight"), 0.8),
}
_PLAIN = {"mouth": 0, "tongue": 0, "teeth": 1, "lashes": 2}


class DrawnBody:
    """Buffers of the body: one array of vertices, an index for each part."""

    def __init__(self, context: Any, body: Body, programs: dict[str, Program]) -> None:
        self.body, self._programs, self._context = body, programs, context
        skin_map, cloth_map = load_skin_map(), load_cloth_map()
        own = texture_coordinates(body.rest)
        numbers = np.arange(len(own))
        meshes = {
            "skin": (skin_map.vertices, skin_map.uv, skin_map.triangles),
            "mouth": (skin_map.vertices, skin_map.uv, skin_map.mouth_triangles),
            "cloth": (cloth_map.vertices, cloth_map.uv, cloth_map.triangles),
        }
        for name in ("left_eye", "right_eye", "teeth", "tongue", "lashes"):
            meshes[name] = numbers, own, body.parts[name]
        self._ranges, numbered, drawn, coordinates, count = {}, {}, [], [], 0
        for name, (vertices, uv, triangles) in meshes.items():
            used, ordered = drawing_order(triangles)
            numbered[name] = ordered + count
            self._ranges[name] = slice(count, count + len(used))
            drawn.append(vertices[used])
            coordinates.append(uv[used])
            count += len(used)
        self._drawn = np.concatenate(drawn)
        self._cloth = self._drawn[self._ranges["cloth"]]
        self._position = context.buffer(reserve=count * 12)
        self._normal = context.buffer(reserve=count * 12)
        self._tint = context.buffer(reserve=count * 16)
        buffers = {
            "in_position": (self._position, "3f"),
            "in_normal": (self._normal, "3f"),
            "in_uv": (context.buffer(np.concatenate(coordinates).astype("f4").tobytes()), "2f"),
            "in_tint": (self._tint, "4f"),
        }
        self._arrays, self._shadows = {}, []
        for name, triangles in numbered.items():
            index = context.buffer(triangles.astype("i4").tobytes())
            program = programs[_program_of(name)]
            self._arrays[name] = program.vertex_array(context, buffers, index)
            if name in ("skin", "cloth"):
                self._shadows.append(programs["shadow"].vertex_array(context, buffers, index))
        self._lids = {
            side: [body.nearest((sign * 0.312, y, 1.36)) for y in (7.205, 7.355)]
            for side, sign in (("left", 1.0), ("right", -1.0))
        }
        units = body.unit_names
        self._opening = np.zeros(len(units))
        for name, share in _OPENING.items():
            self._opening[units.index(name)] = share
        self._folding = np.zeros((len(_FOLDING), len(units)))
        for row, names in zip(self._folding, _FOLDING):
            row[[units.index(name) for name in names]] = 1.0 / max(len(names), 1)
        self._textures: list[Any] = []

    def set_person(self, shape: Shape, look: Appearance) -> None:
        """Takes the textures and colours of a person."""
        for each in self._textures:
            each.release()
        self._textures = [
            make_texture(self._context, pixels)
            for paint in (look.skin, look.cloth)
            for pixels in (paint.albedo, paint.relief)
        ]
        self._look, self._shape = look, shape
        body = self.body
        tint = np.zeros((len(body.rest), 4), np.float32)
        tint[:, 0] = body.occlusion
        tint[:, 1] = np.clip(_curvature(body, shape.positions) / 5.0, 0.0, 1.0)
        tint[:, 2] = body.ear * (0.3 + 0.7 * look.traits.blush)
        tint[:, 3] = _fold_regions(body.rest)
        _mouth_details(body, tint)
        drawn = tint[self._drawn]
        drawn[self._ranges["cloth"], 0] = 0.9
        drawn[self._ranges["cloth"], 1:] = 0.0
        depth = body.rest[self._drawn[self._ranges["mouth"]], 2]
        drawn[self._ranges["mouth"], 2] = 0.1 + 0.4 * np.clip((depth - 0.6) / 0.85, 0.0, 1.0)
        self._tint.write(drawn.astype("f4").tobytes())

    def set_pose(self, pose: Pose) -> None:
        """Takes the posed vertices."""
        self._pose = pose
        positions = pose.positions
        normals = self.body.normals(positions)
        drawn = positions[self._drawn]
        thickness = self._look.cloth_thickness[self._cloth, None]
        drawn[self._ranges["cloth"]] += normals[self._cloth] * thickness
        self._position.write(drawn.astype("f4").tobytes())
        self._normal.write(normals[self._drawn].astype("f4").tobytes())

    def draw_shadow(self, context: Any) -> None:
        """Draws depth as the key light sees it, which does not stand on its head as pictures do."""
        context.enable(moderngl.CULL_FACE)
        context.front_face = "ccw"
        for each in self._shadows:
            each.render()
        context.front_face = "cw"
        context.disable(moderngl.CULL_FACE)

    def draw(self, context: Any) -> None:
        """Draws everything into the current frame."""
        context.enable(moderngl.CULL_FACE)
        self._programs["skin"].set(furrows=self._furrows())
        self._surface("skin", SKIN, 0, _SKIN_SCATTER, 0.028)
        context.disable(moderngl.CULL_FACE)
        self._surface("cloth", CLOTHES, 2, _CLOTH_SCATTER, 0.03)
        self._draw_eyes()
        traits, pose = self._look.traits, self._pose
        opening = float(np.clip(self._opening @ pose.state.face + 0.1, 0.0, 1.0))
        tones = {
            "mouth": (0.24, 0.06, 0.05),
            "tongue": (0.46, 0.16, 0.14),
            "teeth": (0.82, 0.77, 0.68),
            "lashes": tuple(traits.brows * 0.3 + 0.003),
        }
        plain = self._programs["plain"]
        for name, kind in _PLAIN.items():
            label = (SKIN if name == "lashes" else MOUTH) / 255.0
            plain.set(label=label, kind=kind, tone=tones[name], opening=opening)
            self._arrays[name].render()

    def _furrows(self) -> np.ndarray:
        """How deep wrinkles are in each region: what stays, and what the expression adds."""
        age, stays = self._shape.build.age, self._look.traits.wrinkles
        supple = np.interp(age, (0.40, 0.62), (0.0, 0.35))
        folded = np.minimum(1.5 * self._folding @ self._pose.state.face, 1.0)
        return np.minimum(stays + folded * (supple + 0.6 * stays), 1.0)

    def _surface(
        self, name: str, label: int, texture: int, scatter: Any, reflectance: float
    ) -> None:
        self._textures[texture].use(1)
        self._textures[texture + 1].use(2)
        program = self._programs[name]
        program.set(label=label / 255.0, scatter=scatter, reflectance=reflectance)
        self._arrays[name].render()

    def _draw_eyes(self) -> None:
        pose, traits, program = self._pose, self._look.traits, self._programs["eye"]
        skull = pose.head[:, :3]
        for side, sign in (("left", -1.0), ("right", 1.0)):
            center = pose.eye_centers[side]
            corners = pose.positions[self.body.eye_vertices[side]]
            radius = float(np.linalg.norm(corners - center, axis=1).mean())
            lids = [
                float((pose.positions[v] - center) @ skull[:, 1]) / radius for v in self._lids[side]
            ]
            program.set(
                label=EYES / 255.0,
                center=center,
                gaze=(skull @ pose.eye_rotations[side]).T,
                skull=skull.T,
                lids=lids,
                iris=traits.iris,
                iris_pupil=(traits.iris_size, traits.pupil_size),
                seed=float(traits.mottling),
                nose_side=sign,
                age=traits.wrinkles,
            )
            self._arrays[f"{side}_eye"].render()


def _program_of(part: str) -> str:
    if part in ("skin", "cloth"):
        return part
    return "eye" if part.endswith("eye") else "plain"


def _fold_regions(rest: np.ndarray) -> np.ndarray:
    """Which row of `_FOLDING` deepens the wrinkles at each vertex, `[vertices]`."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    regions = (
        (y > 7.60) & (z > 0.6),
        (x < 0.13) & (y > 7.30) & (y <= 7.60) & (z > 1.0),
        (x > 0.47) & (y > 7.08) & (y <= 7.60) & (z > 0.4),
        (y <= 7.08) & (y > 6.4) & (x > 0.12) & (z > 0.8),
    )
    return np.select(regions, np.arange(1, len(_FOLDING)), 0)


def _mouth_details(body: Body, tint: np.ndarray) -> None:
    """Coordinates for the shader of teeth, tongue and lashes."""
    x, y, z = body.rest.T
    teeth = np.unique(body.parts["teeth"])
    upper = y[teeth] > 6.63
    gum = np.where(upper, y[teeth[upper]].max(), y[teeth[~upper]].min())
    tint[teeth, 0] = np.arctan2(x[teeth], z[teeth] - 0.9) * 7.5
    tint[teeth, 1] = np.abs(gum - y[teeth]) / 0.2
    tint[teeth, 2] = 0.85 * np.clip((z[teeth] - 0.9) / 0.55, 0.15, 1.0)
    tongue = np.unique(body.parts["tongue"])
    tint[tongue, 2] = 0.5 * np.clip((z[tongue] - 0.6) / 0.7, 0.0, 1.0)
    lashes = np.unique(body.parts["lashes"])
    away = body.rest[lashes] * [1, 1, 1] - _EYE * np.sign(x[lashes, None]) ** [1, 0, 0]
    tip = np.clip((np.linalg.norm(away, axis=1) - 0.15) / 0.07, 0.0, 1.0)
    tint[lashes, 0] = np.arctan2(away[:, 1], away[:, 0]) * _LASHES_PER_RADIAN
    tint[lashes, 1] = np.where(away[:, 1] > 0, 0.15 + 0.75 * tip, 0.5 + 0.45 * tip)


def _curvature(body: Body, positions: np.ndarray) -> np.ndarray:
    """How strongly the skin bends outwards at each vertex, `[vertices]`, per unit of length."""
    triangles = body.parts["skin"]
    normals = body.normals(positions)
    total, count = np.zeros(len(positions)), np.full(len(positions), 1e-6)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        a, b = triangles[:, one], triangles[:, other]
        step = positions[b] - positions[a]
        bend = ((normals[b] - normals[a]) * step).sum(1) / np.maximum((step**2).sum(1), 1e-6)
        for end in (a, b):
            np.add.at(total, end, bend)
            np.add.at(count, end, 1.0)
    return total / count
