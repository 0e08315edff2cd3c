"""A person: shape and looks."""

from __future__ import annotations

from maskanim_tf.people.appearance import Appearance
from maskanim_tf.people.body import Body
from maskanim_tf.people.pose import Poser
from maskanim_tf.people.randomness import APPEARANCE, SHAPE, stream
from maskanim_tf.people.shape import random_shape


class Identity:
    """Person `index` of the data set that `seed` stands for.

    Attributes:
        index: of the person.
        shape: the `Shape`.
        appearance: what is seen on it: skin, hair, clothes.
        poser: poses the person.
    """

    def __init__(self, body: Body, seed: int, index: int, picture: int = 256) -> None:
        """Draws a person for pictures of a size; only the fineness of textures depends on it."""
        self.index = index
        self.shape = random_shape(body, stream(seed, SHAPE, index))
        looks = stream(seed, APPEARANCE, index)
        self.appearance = Appearance(body, self.shape, looks, picture)
        self.poser = Poser(body, self.shape)
