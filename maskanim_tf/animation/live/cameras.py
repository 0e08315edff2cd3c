"""Where live frames come from: a camera by OpenCV, or a film that is played in its own time."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from maskanim_tf.animation.templates import is_template
from maskanim_tf.media.clips import clip_time
from maskanim_tf.media.footage import Footage, open_footage

DEVICE = "/dev/video"


class CameraError(RuntimeError):
    """A camera that is missing, busy, or gone."""


class Camera(Protocol):
    """Gives frames when they are there.

    Attributes:
      label: what it is, for messages.
    """

    label: str

    def read(self) -> np.ndarray | None:
        """Waits for the next frame, uint8 `[height, width, 3]`, RGB; None at a film's end.

        Raises:
          CameraError: the camera is gone.
          ClipError: the film is damaged.
        """

    def close(self) -> None:
        """Lets the camera go."""


def open_camera(name: str) -> Camera:
    """A camera or its stand-in.

    Args:
      name: a number or a device such as /dev/video0; anything else is a film, or the address of a
        stream as OpenCV knows it.

    Raises:
      CameraError: the camera is missing or busy.
      ClipError: the film cannot be read.
      ValueError: it is a template.
    """
    if is_template(name):
        raise ValueError(
            f"{name} is a template, which is no camera: give the film with --camera, or animate "
            "by the template with python -m maskanim_tf.animate --driving"
        )
    if re.fullmatch(r"\d+", name) or name.startswith(DEVICE) or "://" in name:
        return DeviceCamera(name)
    return FilmCamera(open_footage(name))


class DeviceCamera:
    """A camera as OpenCV knows it.

    Args:
      name: its number, device or address.

    Raises:
      CameraError: it is missing, or busy.
    """

    def __init__(self, name: str):
        self.label = f"camera {name}"
        number = name[len(DEVICE) :] if name.startswith(DEVICE) else name
        device = f"{DEVICE}{number}"
        if "://" not in name and sys.platform == "linux" and not os.path.exists(device):
            raise CameraError(
                f"{self.label}: there is no {device}; plug a camera in, name another one with "
                "--camera=NUMBER, or give a film"
            )
        self._capture = cv2.VideoCapture(int(number) if number.isdigit() else name)
        # Otherwise some drivers hand over frames that are several old.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if not self._capture.isOpened() or not self._capture.read()[0]:
            self._capture.release()
            raise CameraError(
                f"{self.label} gives no picture; close the program that uses it, and check that "
                "you may read it"
            )

    def read(self) -> np.ndarray | None:
        """See `Camera`."""
        found, frame = self._capture.read()
        if not found:
            raise CameraError(f"{self.label} gives no more pictures; was it unplugged?")
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        """See `Camera`."""
        self._capture.release()


class FilmCamera:
    """A film that gives each frame when it is due, as a camera would; it begins with `read`.

    Args:
      footage: the film.
    """

    def __init__(self, footage: Footage):
        self.label = footage.clip.path
        self._clip = footage.clip
        self._frames: Iterator[np.ndarray] = footage.frames()
        self._number = 0
        self._begin = 0.0
        self._closed = threading.Event()

    def read(self) -> np.ndarray | None:
        """See `Camera`."""
        frame = next(self._frames, None)
        if frame is None:
            return None
        if not self._number:
            self._begin = time.monotonic()
        due = self._begin + clip_time(self._clip, self._number)
        self._number += 1
        self._closed.wait(max(0.0, due - time.monotonic()))
        return frame

    def close(self) -> None:
        """See `Camera`."""
        self._closed.set()
