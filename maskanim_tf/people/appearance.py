"""What is seen on a shape, as plain data: nothing here knows of OpenGL."""

from __future__ import annotations

import numpy as np

from maskanim_tf.people.accessories import make_earrings, make_glasses
from maskanim_tf.people.body import Body
from maskanim_tf.people.clothes import CLOTH_SIZE, draw_cloth
from maskanim_tf.people.collars import make_collar
from maskanim_tf.people.hair import grow_hair
from maskanim_tf.people.headwear import make_hat, make_scarf
from maskanim_tf.people.pieces import Piece
from maskanim_tf.people.shape import Shape
from maskanim_tf.people.skin import paint_skin
from maskanim_tf.people.skin_map import TEXTURE_SIZE, load_skin_map, texture_size
from maskanim_tf.people.traits import draw_traits


class Appearance:
    """Looks of a person.

    Attributes:
        traits: colours and choices.
        skin, cloth: textures.
        cloth_thickness: float32 `[vertices]`, distance of the cloth from the body; see `Cloth`.
        pieces: what rides on head and chest.
    """

    def __init__(
        self, body: Body, shape: Shape, rng: np.random.Generator, picture: int = 256
    ) -> None:
        """Draws looks; `picture` is the size of pictures, on which that of textures depends."""
        # One stream for each part: a change of one leaves the others as they were.
        streams = rng.spawn(8)
        self.traits = traits = draw_traits(shape, streams[0])
        self.skin = paint_skin(load_skin_map(texture_size(picture)), traits, streams[1])
        cloth = draw_cloth(streams[2], CLOTH_SIZE * texture_size(picture) // TEXTURE_SIZE)
        self.cloth = cloth.paint
        self.cloth_thickness = cloth.thickness
        self.pieces: list[Piece] = grow_hair(body, shape, traits, streams[3])
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
