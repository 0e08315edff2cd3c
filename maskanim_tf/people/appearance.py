"""What is seen on a shape, as plain data: nothing here knows of OpenGL."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.accessories import make_earrings, make_glasses
from maskanim_tf.people.body import Body
from maskanim_tf.people.clothes import draw_cloth, load_cloth_map
from maskanim_tf.people.collars import make_collar
from maskanim_tf.people.hair import grow_hair
from maskanim_tf.people.headwear import make_hat, make_scarf
from maskanim_tf.people.pieces import Piece
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import paint_skin
from maskanim_tf.people.skin_map import load_skin_map
from maskanim_tf.people.traits import draw_traits


class Appearance:
    """Looks of a person.

    Attributes:
        traits: colours and choices.
        skin, cloth: textures.
        cloth_uv, cloth_thickness, cloth_occlusion: of each vertex of the cloth, in the order of
            `numpy.unique(body.parts["cloth"])`.
        pieces: what rides on head and chest.
    """

    def __init__(self, body: Body, shape: Shape, rng: np.random.Generator) -> None:
        # One stream for each part: a change of one leaves the others as they were.
        streams = rng.spawn(8)
        self.traits = traits = draw_traits(shape, streams[0])
        self.skin = paint_skin(load_skin_map(), traits, streams[1])
        cloth = draw_cloth(streams[2])
        self.cloth = cloth.paint
        self.cloth_uv = load_cloth_map().uv
        self.cloth_thickness = cloth.thickness
        self.cloth_occlusion = np.full(len(self.cloth_uv), 0.9, np.float32)
        self.pieces: list[Piece] = [
            *grow_hair(body, shape, traits, streams[3]),
        ]
        if traits.style != "scarf":
            self.pieces += make_collar(body, shape, cloth, streams[4])
        if traits.style in ("cap", "hat"):
            self.pieces += make_hat(body, shape, streams[5])
        elif traits.style == "scarf":
            self.pieces += make_scarf(body, shape, streams[5])
        if traits.glasses:
            self.pieces += make_glasses(body, shape, streams[6])
        if traits.earrings and traits.style != "scarf":
            self.pieces += make_earrings(body, shape, streams[7])
