"""What the tests of animation share: small sources and drivers, and readers of results."""

import cv2
import numpy as np
from PIL import Image

from maskanim_tf.animation import FrameGenerator
from tests.helpers import random_frames

SIZE = 32


def pixels(count, seed=0, size=SIZE):
    """uint8 `[count, size, size, 3]`, every frame another one."""
    return (random_frames(count, size, seed=seed) * 255).astype(np.uint8)


def decoded(path):
    """All frames of a movie as OpenCV reads them, uint8 RGB, and its frame rate."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        found, frame = capture.read()
        if not found:
            return np.array(frames), capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame[..., ::-1])


def frames_of(folder):
    """All pictures of a folder, uint8 `[count, height, width, channels]`."""
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


def disc(x, y, radius, side=64, inside=0.8, outside=0.0):
    """The mask of a disc, float32 `[side, side, 1]`."""
    rows, columns = np.mgrid[:side, :side]
    mask = np.where(np.hypot(columns - x, rows - y) <= radius, inside, outside)
    return mask[..., None].astype(np.float32)


class Seer(FrameGenerator):
    """Whose masks are the red of its frames."""

    label = "a seer"
    image_size = mask_size = SIZE
    finds_masks = takes_masks = True

    def masks(self, frames):
        return frames[..., :1].astype(np.float32) / 255


def moving_square(count=12, side=20, height=96, width=128):
    """A light square that goes from left to right over a grey, noisy ground."""
    rng = np.random.default_rng(0)
    frames = rng.integers(95, 106, (count, height, width, 3)).astype(np.uint8)
    for index, frame in enumerate(frames):
        left = 20 + 3 * index
        frame[30 : 30 + side, left : left + side] = 240
    return frames
