"""The window of a live session: source, camera, result, figures and keys."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import cv2
import numpy as np

from maskanim_tf.animation.live.session import LiveFrame
from maskanim_tf.media.fitting import cut_square

TITLE = "maskanim live"
# Sides in pixels: of the result, and of source and camera beside it.
LARGE, SMALL = 512, 256
FOOT = 56
BACKGROUND, INK, RED = 24, (225, 225, 225), (80, 80, 235)
# Seconds to wait for a key, in milliseconds, which also lets the window draw itself.
KEY_WAIT = 1
ESCAPE = 27
KEYS = "c recentre   s next source   space freeze   r record   q quit"


def has_display() -> bool:
    """Whether a window can be opened."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


class Window:
    """Shows frames and hears keys; used by the main thread alone.

    Raises:
      ValueError: this OpenCV has no windows, or there is no display.
    """

    def __init__(self) -> None:
        try:
            cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise ValueError(
                "no window can be opened; give --window=no and record with --output=FILM.mp4"
            ) from error

    def show(self, frame: LiveFrame, lines: Sequence[str], recording: bool) -> None:
        """Draws one result."""
        cv2.imshow(TITLE, draw(frame, lines, recording)[..., ::-1])

    def key(self) -> str:
        """The key that was pressed, "" for none; "q" if the window was closed."""
        code = cv2.waitKey(KEY_WAIT) & 0xFF
        if code == ESCAPE or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            return "q"
        return "" if code == 0xFF else chr(code).lower()

    def close(self) -> None:
        """Closes it."""
        cv2.destroyAllWindows()


def draw(frame: LiveFrame, lines: Sequence[str], recording: bool) -> np.ndarray:
    """The picture in the window, uint8 RGB: source above camera, the result, lines of text."""
    canvas = np.full((LARGE + FOOT, SMALL + LARGE, 3), BACKGROUND, np.uint8)
    places = ((frame.source, 0, 0, SMALL), (frame.driving, SMALL, 0, SMALL))
    for picture, top, left, side in (*places, (frame.frame, 0, SMALL, LARGE)):
        canvas[top : top + side, left : left + side] = cut_square(picture, 0, 0, len(picture), side)
    for number, line in enumerate(lines):
        place = (10, LARGE + 22 + 22 * number)
        cv2.putText(canvas, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    if recording:
        cv2.circle(canvas, (SMALL + LARGE - 22, 22), 9, RED[::-1], -1, cv2.LINE_AA)
    return canvas
