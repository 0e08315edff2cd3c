"""Everything in a picture that is neither person nor camera: light, background, film."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.camera import View
from maskanim_tf.people.lights import draw_lights


class Scene:
    """A place and how it is filmed.

    Attributes:
        lights: the `Lights`.
        background: RGB uint8 `[height, width, 3]`, a picture that stands behind the person.
    """

    def __init__(self, rng: np.random.Generator, plain: bool = False) -> None:
        streams = rng.spawn(3)
        self.background = np.full((64, 64, 3), 120, np.uint8)
        tone = (self.background.reshape(-1, 3).mean(axis=0) / 255.0) ** 2
        self.lights = draw_lights(streams[1], tone)

    def finish(
        self, person: np.ndarray, cover: np.ndarray, view: View, seconds: float
    ) -> np.ndarray:
        """Puts the person before the background and develops the picture.

        Args:
            person: RGB uint8 `[size, size, 3]`, black where nobody is.
            cover: uint8 `[size, size]`, share of each pixel that the person covers.
            view: the camera.
            seconds: time of the frame; the grain depends on it.

        Returns:
            RGB uint8 `[size, size, 3]`.
        """
        size = len(person)
        behind = cv2.resize(self.background, (size, size))
        open_share = (255 - cover)[..., None].astype(np.float32) / 255
        return np.clip(person + behind * open_share, 0, 255).astype(np.uint8)
