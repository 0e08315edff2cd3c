"""Everything in a picture that is neither person nor camera: light, background, film."""

from __future__ import annotations

import cv2
import numpy as np

from maskanim_tf.people.background import draw_background
from maskanim_tf.people.camera import View
from maskanim_tf.people.film import draw_film
from maskanim_tf.people.lights import draw_lights

# The background stands as a picture of this half width behind the person.
_HALF_WIDTH, _DISTANCE, _HEIGHT = 9.0, 12.0, 7.0


class Scene:
    """A place and how it is filmed.

    Attributes:
        lights: the `Lights`.
        background: RGB uint8 `[height, width, 3]`, a picture that stands behind the person.
        film: the `Film`.
    """

    def __init__(self, rng: np.random.Generator, background: str = "any") -> None:
        """Draws a place; `background` is one of `BACKGROUNDS`."""
        streams = rng.spawn(3)
        self.background = draw_background(streams[0], background)
        tone = (self.background.reshape(-1, 3).mean(axis=0) / 255.0) ** 2
        self.lights = draw_lights(streams[1], tone)
        self.film = draw_film(streams[2])
        self._seen: tuple[bytes, int, int] | None = None

    def finish(
        self,
        person: np.ndarray,
        depth: np.ndarray,
        view: View,
        seconds: float,
        anchors: np.ndarray,
        ways: np.ndarray,
    ) -> np.ndarray:
        """Puts the person before the background and develops the picture.

        Args:
            person: RGBA uint8 `[size, size, 4]`, black where nobody is; the last is the share of
                each pixel that the person covers.
            depth: float32 `[size, size]`, distances along the view axis, decimetres.
            view: the camera.
            seconds: time of the frame; the grain depends on it.
            anchors: `[2, 3]`, the person's face, which is sharp, and breastbone.
            ways: `[2, 2]`, how these move in the picture: (x, y), pixels a second.

        Returns:
            RGB uint8 `[size, size, 3]`.
        """
        size = len(person)
        behind = self._behind(view, size)
        focus = float(view.depth(anchors[:1])[0])
        person = self.film.defocus(person, depth, focus, view.scale(focus, size))
        person = self.film.smear(person, ways, view.project(anchors, size))
        open_share = cv2.merge([cv2.bitwise_not(cv2.extractChannel(person, 3))] * 3)
        person = cv2.cvtColor(person, cv2.COLOR_RGBA2RGB)
        image = cv2.add(person, cv2.multiply(behind, open_share, scale=1 / 255))
        return self.film.develop(image, seconds)

    def _behind(self, view: View, size: int) -> np.ndarray:
        """The background as the camera sees it; kept as long as the camera is still."""
        seen = (view.matrix.tobytes(), size, id(self.background))
        if seen != self._seen:
            high, wide = self.background.shape[:2]
            corners = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * _HALF_WIDTH
            flat = np.full(4, -_DISTANCE)
            world = np.column_stack([corners[:, 0], corners[:, 1] + _HEIGHT, flat])
            texels = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
            places = view.project(world, size).astype(np.float32)
            self._picture = cv2.warpPerspective(
                self.background,
                cv2.getPerspectiveTransform(texels, places),
                (size, size),
                borderMode=cv2.BORDER_REFLECT,
            )
            self._seen = seen
        return self._picture
